"""Which drill runs on the local stack, as one file says it: mission control writes it, and `lastwish drill`.

No fault of the engine tells that: not every drill has one, and none says how it ended.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter

from lastwish.local.processes import ProcessId
from lastwish.local.state import Home, write_secret

_FILE = "drill.json"


@dataclass(frozen=True)
class DrillNote:
    """``over`` says how it ended; empty: it has not said so."""

    name: str
    process: ProcessId
    over: str = ""

    def write(self, home: Home) -> None:
        """Write it over the last one."""
        write_secret(home.path / _FILE, asdict(self))


_ANY = TypeAdapter(DrillNote)


def read(home: Home) -> DrillNote | None:
    """Return the last one; None where there is none, or it is damaged."""
    try:
        return _ANY.validate_json((home.path / _FILE).read_bytes())
    except (OSError, ValueError):
        return None


@contextmanager
def noted(home: Home, name: str) -> Iterator[list[str]]:
    """Note that this process drills, and how that ended: in the lines that the block puts into the list."""
    note, lines = DrillNote(name, ProcessId.of(os.getpid())), list[str]()
    note.write(home)
    try:
        yield lines
    finally:
        replace(note, over=" ".join(lines) or "it ended before its time").write(home)
