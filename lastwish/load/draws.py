"""One seed, a stream of draws per purpose: a longer text never moves the time of a wish.

Only `Random.random()` of an integer seed is used, which Python promises to keep, and only arithmetic that IEEE 754
rounds correctly. So a seed gives the same on every machine.
"""

import hashlib
from collections.abc import MutableSequence, Sequence
from random import Random
from uuid import UUID


class Draws:
    """Draws for one purpose. The same seed and purpose draw the same."""

    def __init__(self, seed: int, purpose: str) -> None:
        digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
        self.unit = Random(int.from_bytes(digest)).random  # noqa: S311 - repeatable on purpose
        """The next draw, uniform in [0, 1)."""

    def below(self, bound: int) -> int:
        """A whole number in [0, bound)."""
        return int(self.unit() * bound)

    def one_of[T](self, these: Sequence[T]) -> T:
        """One of them, each as likely."""
        return these[self.below(len(these))]

    def weighted[T](self, weights: Sequence[tuple[T, float]]) -> T:
        """One of them, as likely as its weight says."""
        left = self.unit() * sum(weight for _, weight in weights)
        for each, weight in weights:
            left -= weight
            if left < 0:
                return each
        return weights[-1][0]

    def shuffle[T](self, these: MutableSequence[T]) -> None:
        """Into any order, in place (Fisher and Yates)."""
        for last in range(len(these) - 1, 0, -1):
            other = self.below(last + 1)
            these[last], these[other] = these[other], these[last]

    def uuid(self) -> UUID:
        """A version 4 UUID, as the form's script makes its keys."""
        number = sum(self.below(2**32) << shift for shift in (0, 32, 64, 96))
        return UUID(int=number, version=4)
