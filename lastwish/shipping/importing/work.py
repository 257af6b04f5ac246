"""Folder of an import: how far it is, which rows did not fit, and the import files. Killed at any place, it goes on."""

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lastwish.errors import Busy, UsageError

_EXAMPLES = 3


@dataclass
class State:
    """How far an import is. ``rows`` of the source are done, ``fits`` of them are wishes with the sum ``total``.

    ``outcomes`` counts the wishes, ``unfit`` has for each reason a count and the numbers of some rows. ``last`` is the
    time of the last commit in ms since 1970. ``file_bytes`` are those of the import files before gzip, ``units`` the
    write units of a put of each commit. ``rejects`` is the length of the file of rejects.
    """

    rows: int = 0
    fits: int = 0
    total: int = 0
    last: int = 0
    seconds: float = 0
    finished: bool = False
    rejects: int = 0
    file_bytes: int = 0
    units: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    unfit: dict[str, list[Any]] = field(default_factory=dict)

    def reject(self, reason: str, number: int) -> None:
        """Count a row that does not fit."""
        count, examples = self.unfit.get(reason, [0, []])
        self.unfit[reason] = [count + 1, [*examples, number][:_EXAMPLES]]

    @property
    def rejected(self) -> int:
        """Number of rows, or lines, that do not fit."""
        return sum(count for count, _ in self.unfit.values())


class Work:
    """The folder, for one process at a time. ``about`` says of what import it is: another one needs another folder."""

    def __init__(self, folder: Path, about: dict[str, Any], *, restart: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._about = folder, about
        self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another import works in {folder}: wait for it, or name another folder (--work)") from None
        if restart:
            for each in ("checkpoint.json", "leased.json", "rejects.jsonl"):
                (folder / each).unlink(missing_ok=True)
        self.state = self._load()
        self._rejects = os.open(folder / "rejects.jsonl", os.O_CREAT | os.O_RDWR, 0o600)
        os.ftruncate(self._rejects, self.state.rejects)  # rows after the checkpoint come again
        os.lseek(self._rejects, 0, os.SEEK_END)

    def close(self) -> None:
        """Let others in."""
        os.close(self._rejects)
        os.close(self._lock)

    def _load(self) -> State:
        found = self.read("checkpoint.json")
        if found is None:
            return State()
        if found["about"] != self._about:
            changed = ", ".join(name for name, value in self._about.items() if found["about"].get(name) != value)
            again = "--restart begins anew (what is stored stays), --work names another folder"
            raise UsageError(f"{self.folder} is of an import with another {changed}: {again}")
        return State(**found["state"])

    def note_rejects(self, rejects: Iterable[dict[str, Any]]) -> None:
        """Append to the file of rejects: one JSON object per line."""
        lines = "".join(json.dumps(each, default=str) + "\n" for each in rejects).encode()
        os.write(self._rejects, lines)
        self.state.rejects += len(lines)

    def save(self) -> None:
        """Write the checkpoint."""
        os.fsync(self._rejects)
        self.write("checkpoint.json", {"about": self._about, "state": asdict(self.state)})

    def read(self, name: str) -> Any:
        """Return a JSON file of the folder; None where there is none. Raises UsageError."""
        try:
            return json.loads((self.folder / name).read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise UsageError(f"{self.folder / name} is damaged: --restart begins anew") from error

    def write(self, name: str, content: Any) -> None:
        """Write a JSON file as a whole or not at all."""
        new = self.folder / f"{name}.new"
        with new.open("w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / name)
