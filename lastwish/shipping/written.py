"""Files that a person wrote: a mapping, a query, a list of people."""

from pathlib import Path

from pydantic_core import ErrorDetails

from mission.log_lines import printable

_MOST = 2**20  # bytes


def read_written(path: Path) -> str:
    """Return the text of a file that is not large. Raises OSError, ValueError."""
    with path.open("rb") as file:
        raw = file.read(_MOST + 1)
    if len(raw) > _MOST:
        raise ValueError(f"it is larger than {_MOST:,} bytes")
    return raw.decode()


def fault(found: ErrorDetails) -> str:
    """Return a fault with its place. ``describe_faults`` does not name an unknown field; here it is of a file."""
    return ": ".join(filter(None, (printable(".".join(map(str, found["loc"]))), found["msg"])))
