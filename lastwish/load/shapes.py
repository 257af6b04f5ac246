"""Send times. A crowd is an open loop: nobody waits for another's answer before sending.

Each shape is a Poisson process whose count is known: that many draws from the shape's share of wishes by time, sorted.
The shapes were chosen so that the inverse of that share needs nothing but arithmetic and square roots.
"""

import math
from collections.abc import Callable

from lastwish.load.seeded import SeededRandom


def _steady(share: float) -> float:
    """Return the time for one rate throughout."""
    return share


def _ramp(share: float) -> float:
    """Return the time for a rate that grows evenly from nothing to twice the mean."""
    return math.sqrt(share)


def _spike(share: float) -> float:
    """Return the time for an audience that hears "now": 80 % in the first tenth, half in the first 37th, then a tail.

    The rate begins at 36 times the mean, and a 35th of the time later it is a quarter of that.
    """
    return share / (36 - 35 * share)


def _wave(share: float) -> float:
    """Return the time for a rate that goes up and down three times, between a tenth of the mean and nearly twice it."""
    half, inside = divmod(share * 6, 1)
    half, inside = int(half), inside if half % 2 == 0 else 1 - inside
    climbed = (math.sqrt(0.01 + 3.6 * inside) - 0.1) / 1.8  # the rate is 0.1 + 1.8 of the way up
    return (half + (climbed if half % 2 == 0 else 1 - climbed)) / 6


# Each returns the time, as a share of the whole, by which this share of all wishes was sent.
SHAPES: dict[str, Callable[[float], float]] = {"steady": _steady, "ramp": _ramp, "spike": _spike, "wave": _wave}


def send_times(shape: str, wishes: int, over: float, seed: int) -> list[float]:
    """Return the intended send of exactly so many wishes: sorted seconds in [0, over), whole microseconds.

    Raises KeyError for a shape that is not in SHAPES.
    """
    time_of, random = SHAPES[shape], SeededRandom(seed, "times")
    return sorted(math.floor(1e6 * over * time_of(random.unit())) / 1e6 for _ in range(wishes))
