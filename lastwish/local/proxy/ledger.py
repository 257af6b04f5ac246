"""Record every wish that was answered 202 in the ledger, the audit's independent record of what was promised.

The proxy writes it before the answer leaves, and knows nothing of the stack behind it. Each wish has a line, a JSON
object: `wish_id`, `time` (ISO 8601, UTC) and `status` (202, or 303 for a form). Several processes may append to it.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path


class Ledger:
    """Appends to one file."""

    def __init__(self, path: Path) -> None:
        # O_APPEND: after a `reset` has emptied the file, the next line still goes to its end.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def record(self, wish_id: str, status: int) -> None:
        """Write one line to the kernel, so that it survives this process. Raises OSError when it cannot."""
        entry = {"wish_id": wish_id, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), "status": status}
        # A line that a full disk cut off, in this process or in another one, must not spoil this one.
        size = os.fstat(self._file).st_size
        torn = size > 0 and os.pread(self._file, 1, size - 1) != b"\n"
        line = b"\n" * torn + json.dumps(entry).encode() + b"\n"
        if os.write(self._file, line) != len(line):
            raise OSError(f"the ledger took only a part of the line for {wish_id}")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def promised(path: Path) -> list[str]:
    """Return wish ids in the order of their answers, with duplicates. Skips a torn line: its answer never left."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return []
    return [wish_id for line in lines if (wish_id := _wish_id(line))]


def _wish_id(line: str) -> str | None:
    try:
        wish_id = json.loads(line)["wish_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(wish_id)
