"""Folder of an import: how far it is, which rows did not fit, and the import files. Killed at any place, it goes on."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

from lastwish.errors import Busy, OperatorError, UsageError

SCRATCH = "scratch"
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


def own(path: str | Path, flags: int) -> int:
    """Open a file of the folder, which only its owner may read: an opener. Others may have put a link in its place."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


@contextmanager
def plain_disk(folder: Path) -> Iterator[None]:
    """Turn an error of the disk into one of ours."""
    try:
        yield
    except OSError as error:
        fault = f"{error.filename or folder} cannot be read or written: {error.strerror or error}"
        raise OperatorError(fault, next_step="name a folder of your own, with room for it (--work)") from error


class Work(ExitStack):
    """The folder, for one process at a time. ``about`` says of what import it is: another one needs another folder.

    Its folder ``scratch`` is empty at first, and is there as long as this is open.
    """

    def __init__(self, folder: Path, about: dict[str, Any], *, restart: bool) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._about = folder, about
        with ExitStack() as opened:
            lock = self._open("lock", opened)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"another import works in {folder}: wait for it, or name another one (--work)") from None
            for each in ("checkpoint.json", "leased.json") if restart else ():
                (folder / each).unlink(missing_ok=True)
            self.state = self._load()
            self._rejects = self._open("rejects.jsonl", opened)
            os.ftruncate(self._rejects, self.state.rejects)  # rows after the checkpoint come again
            os.lseek(self._rejects, 0, os.SEEK_END)
            rmtree(folder / SCRATCH, ignore_errors=True)  # of an import that was killed
            (folder / SCRATCH).mkdir(mode=0o700)
            opened.callback(rmtree, folder / SCRATCH, ignore_errors=True)
            self.push(opened.pop_all())

    def _open(self, name: str, opened: ExitStack) -> int:
        file = own(self.folder / name, os.O_CREAT | os.O_RDWR)
        opened.callback(os.close, file)
        return file

    def _load(self) -> State:
        found = self.read("checkpoint.json") or {"about": self._about, "state": {}}
        if changed := [name for name, value in self._about.items() if found["about"].get(name) != value]:
            again = "--restart begins anew (what is stored stays), --work names another folder"
            raise UsageError(f"{self.folder} is of an import with another {', '.join(changed)}: {again}")
        return State(**found["state"])

    def reject(self, reject: dict[str, Any]) -> None:
        """Note a row, or a line, that does not fit: in the file of rejects, and counted by its reason."""
        line = json.dumps(reject).encode() + b"\n"
        self.state.rejects += os.write(self._rejects, line)
        count, places = self.state.unfit.get(reject["reason"], [0, []])
        place = f"line {reject['line']}" if "line" in reject else f"row {reject['row']}"
        self.state.unfit[reject["reason"]] = [count + 1, [*places, place][:_EXAMPLES]]

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
        with open(new, "w", opener=own) as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / name)
