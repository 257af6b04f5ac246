"""When wishes are sent. A crowd is an open loop: nobody waits for another's answer before sending.

Each shape is a Poisson process whose count is known: that many draws from the shape's share-of-wishes-by-time, sorted.
The shapes were chosen so that the inverse of that share needs nothing but arithmetic and square roots.
"""

import math
from collections.abc import Callable

from lastwish.load.draws import Draws


def _steady(share: float) -> float:
    """The same rate all the time."""
    return share


def _ramp(share: float) -> float:
    """A rate that grows evenly from nothing to twice the mean."""
    return math.sqrt(share)


def _spike(share: float) -> float:
    """A hall that hears "now": 80 % in the first tenth, half in the first 37th, and a tail to the end.

    The rate begins at 36 times the mean, and a 35th of the time later it is a quarter of that.
    """
    return share / (36 - 35 * share)


def _wave(share: float) -> float:
    """Three times up and down, between a tenth of the mean rate and nearly twice the mean."""
    half, inside = divmod(share * 6, 1)
    half, inside = int(half), inside if half % 2 == 0 else 1 - inside
    climbed = (math.sqrt(0.01 + 3.6 * inside) - 0.1) / 1.8  # the rate is 0.1 + 1.8 of the way up
    return (half + (climbed if half % 2 == 0 else 1 - climbed)) / 6


SHAPES: dict[str, Callable[[float], float]] = {"steady": _steady, "ramp": _ramp, "spike": _spike, "wave": _wave}


def offsets(shape: str, wishes: int, over: float, seed: int) -> list[float]:
    """When each of exactly ``wishes`` is meant to be sent: sorted seconds in [0, over), whole microseconds.

    Raises KeyError for a shape that is not in SHAPES.
    """
    time_of, draws = SHAPES[shape], Draws(seed, "times")
    return sorted(math.floor(1e6 * over * time_of(draws.unit())) / 1e6 for _ in range(wishes))
