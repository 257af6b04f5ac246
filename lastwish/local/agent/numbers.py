"""Numbers in what others sent: JSON knows NaN, infinities, and integers that no float can hold."""

from typing import Any, TypeGuard

LATEST = 4e9  # seconds of the epoch, in 2096: what is later is no time
LARGEST = 2.0**360  # the largest value of CloudWatch, and the smallest without its sign


def is_number(value: Any, least: float, most: float) -> TypeGuard[int | float]:
    """Whether it is a number, no boolean, in these bounds. Raises nothing, as math.isfinite(10**400) would."""
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def is_time(value: Any) -> TypeGuard[int | float]:
    """Whether it can be seconds of the epoch."""
    return is_number(value, 0, LATEST)
