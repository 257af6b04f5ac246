"""Random choices from one seed, one stream per purpose: a longer text never moves the time of a wish.

Only `Random.random()` of an integer seed is used, which Python promises to keep, and only arithmetic that IEEE 754
rounds correctly. So a seed gives the same choices on every machine.
"""

import hashlib
from collections.abc import MutableSequence, Sequence
from random import Random
from uuid import UUID


class SeededRandom:
    """Random choices for one purpose. The same seed and purpose give the same choices."""

    def __init__(self, seed: int, purpose: str) -> None:
        digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
        self.unit = Random(int.from_bytes(digest)).random  # noqa: S311 - repeatable on purpose
        """Return the next number, uniform in [0, 1)."""

    def below(self, bound: int) -> int:
        """Return a whole number in [0, bound)."""
        return int(self.unit() * bound)

    def choice[T](self, values: Sequence[T]) -> T:
        """Return one of the values, each as likely."""
        return values[self.below(len(values))]

    def weighted_choice[T](self, weights: Sequence[tuple[T, float]]) -> T:
        """Return one of the values, as likely as its weight says."""
        left = self.unit() * sum(weight for _, weight in weights)
        for value, weight in weights:
            left -= weight
            if left < 0:
                return value
        return weights[-1][0]

    def shuffle[T](self, values: MutableSequence[T]) -> None:
        """Bring the values into a random order, in place (Fisher and Yates)."""
        for last in range(len(values) - 1, 0, -1):
            other = self.below(last + 1)
            values[last], values[other] = values[other], values[last]

    def uuid(self) -> UUID:
        """Return a version 4 UUID, as the form's script makes its keys."""
        number = sum(self.below(2**32) << shift for shift in (0, 32, 64, 96))
        return UUID(int=number, version=4)
