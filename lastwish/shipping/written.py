"""Files that a person wrote: a mapping, a query."""

from pathlib import Path

_MOST = 2**20  # bytes


def read_written(path: Path) -> str:
    """Return the text of a file that is not large. Raises OSError, ValueError."""
    with path.open("rb") as file:
        raw = file.read(_MOST + 1)
    if len(raw) > _MOST:
        raise ValueError(f"it is larger than {_MOST:,} bytes")
    return raw.decode()
