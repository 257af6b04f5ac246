"""A day of surprises: which drill comes when, from a seed. The same seed gives the same day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lastwish.drills.drill import Drill
from lastwish.load.seeded import SeededRandom


@dataclass(frozen=True)
class Planned:
    """A drill, the seconds to wait before it, and the seed of its faults and its crowd."""

    wait: float
    drill: Drill
    seed: int


def plan(drills: Sequence[Drill], seed: int, every: float) -> Iterator[Planned]:
    """Yield drills without end, ``every`` seconds apart on average: half to one and a half of it, to surprise.

    Each drill comes once before any comes again.
    """
    times, order, seeds = (SeededRandom(seed, purpose) for purpose in ("times", "order", "seeds"))
    while True:
        hand = list(drills)
        order.shuffle(hand)
        for drill in hand:
            yield Planned(every * (0.5 + times.unit()), drill, seeds.below(2**31))
