"""Numbers as a person reads them."""

from lastwish.observe.waterfall import duration

NOTHING = "–"


def took(milliseconds: float | None) -> str:
    """``63 ms``, ``2.25 s``, ``3 min 20 s``; a dash where there is nothing."""
    return NOTHING if milliseconds is None else duration(round(milliseconds))


def count(number: int, noun: str, more: str = "s") -> str:
    """``1 wish``, ``1,240 wishes``."""
    return f"{number:,} {noun}{more if number != 1 else ''}"
