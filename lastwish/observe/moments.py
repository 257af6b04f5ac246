"""Parse moments and spans as a person types them: ``10:42:07``, ``2045-01-01T10:42Z``, ``now``; ``±3s``, ``2m``."""

import re
from datetime import datetime, time, timedelta

_CLOCK = re.compile(r"\d{2}:\d{2}(:\d{2}([.,]\d+)?)?")
_SPAN = re.compile(r"(?P<sign>±|\+/?-)?\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|m|min|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, None: 1.0}


def moment(text: str, now: datetime) -> datetime:
    """Parse a moment. A time of day means today; without a zone it is this machine's local time on that day.

    Raises ValueError.
    """
    if text == "now":
        return now
    try:
        if _CLOCK.fullmatch(text):
            return datetime.combine(now.date(), time.fromisoformat(text)).astimezone()
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment: say 10:42:07, 2045-01-01T10:42:07Z or now") from None
    return found if found.tzinfo else found.astimezone()


def span(text: str) -> timedelta:
    """Parse a span; seconds where it has no unit. Raises ValueError."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no span of time: say ±3s, 500ms or 2m")
    return timedelta(seconds=float(found["number"]) * _UNITS[found["unit"]])


def is_span(text: str) -> bool:
    """Tell if an argument is meant as a span: it begins with ± (or +-)."""
    found = _SPAN.fullmatch(text.strip())
    return bool(found and found["sign"])
