"""Numbers as a person reads them."""

from lastwish.observe.waterfall import duration

NOTHING = "–"


def format_ms(milliseconds: float | None) -> str:
    """Return ``63 ms``, ``2.25 s`` or ``3 min 20 s``; a dash where there is nothing."""
    return NOTHING if milliseconds is None else duration(round(milliseconds))


def plural(number: int, noun: str, ending: str = "s") -> str:
    """Return ``1 wish`` or ``1,240 wishes``."""
    return f"{number:,} {noun}{ending if number != 1 else ''}"
