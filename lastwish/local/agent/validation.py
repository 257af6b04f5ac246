"""Check numbers in documents of others: JSON allows NaN, infinities, and integers that no float can hold."""

from typing import Any, TypeGuard

LATEST = 4e9  # seconds of the epoch, in 2096: nothing later is accepted
LARGEST = 2.0**360  # the largest value of CloudWatch; its negative is the smallest


def is_number(value: Any, least: float, most: float) -> TypeGuard[int | float]:
    """Return whether it is a number in these bounds, and no boolean. Raises nothing: math.isfinite(10**400) would."""
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def is_time(value: Any) -> TypeGuard[int | float]:
    """Return whether it can be seconds of the epoch."""
    return is_number(value, 0, LATEST)
