"""Record every POST /wishes in the ledger, the audit's independent record of what was promised.

The proxy writes it, which knows nothing of the stack behind it: two lines for each request, JSON objects.

    {"request": "5d0c…", "time": "…"}                                       before it is passed on
    {"request": "5d0c…", "time": "…", "status": 202, "wish_id": "7f2c…"}    before the answer leaves

A refused wish has no `wish_id`; `time` is ISO 8601, UTC. A request without the second line, or with a status from 500
on, has an unknown end: its wish may be stored, and nobody was promised it. Several processes may append to one ledger.
It holds nothing that was typed, and is never deleted: `rotate` puts it aside.
"""

import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from lastwish.promises import Promises


class Ledger:
    """Appends to one file, which `rotate` may put aside at any moment."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self) -> str:
        """Record that a request is passed on. Returns the id under which to record its end. Raises OSError."""
        request = uuid4().hex
        self._append({"request": request})
        return request

    def end(self, request: str, status: int, wish_id: str | None = None) -> None:
        """Record the answer to a request; ``wish_id`` is what it promises. Raises OSError."""
        self._append({"request": request, "status": status} | ({"wish_id": wish_id} if wish_id else {}))

    def _append(self, entry: dict[str, object]) -> None:
        """Write one line to the kernel, so that it survives this process. Raises OSError when it cannot."""
        entry["time"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        # Opened anew for each line: after a rotation, the next one goes to the new file.
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed: nobody writes behind a part that is taken back
            # A line that a killed process cut off must not spoil this one.
            size = os.fstat(file).st_size
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            line = b"\n" * torn + json.dumps(entry).encode() + b"\n"
            if os.write(file, line) != len(line):  # a full disk
                os.ftruncate(file, size)
                raise OSError(f"the ledger took only a part of the line for request {entry['request']}")
        finally:
            os.close(file)


class Promised:
    """Wish ids that a ledger promises, read on as it grows. A ledger that was put aside promises nothing here."""

    def __init__(self, path: Path) -> None:
        self._path, self._ids = path, set[str]()
        self._file, self._position = 0, 0  # its number, and what was read of it

    def __contains__(self, wish_id: str) -> bool:
        self._read_on()
        return wish_id in self._ids

    def __len__(self) -> int:
        self._read_on()
        return len(self._ids)

    def _read_on(self) -> None:
        """Ask the opened file which it is: the ledger may be put aside at any moment."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            self._file, self._position, self._ids = 0, 0, set()
            return
        with file:
            if (number := os.fstat(file.fileno()).st_ino) != self._file:
                self._file, self._position, self._ids = number, 0, set()
            file.seek(self._position)
            read, end, _ = file.read().rpartition(b"\n")  # a line that is being written comes the next time
            self._position += len(read + end)
            self._ids.update(wish_id for line in read.splitlines() if (wish_id := _promise(line)))


def rotate(path: Path) -> int:
    """Put the ledger aside, under a name with the time; the next line begins a new one. Returns its number of lines."""
    try:
        lines = len(path.read_bytes().splitlines())
        path.rename(path.with_stem(f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"))
    except FileNotFoundError:  # nobody has sent a wish since the last time
        return 0
    return lines


def read(path: Path) -> Promises:
    """Return what the ledger promises. A line that no writer wrote like this is named, and promises nothing."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    wish_ids: list[str] = []
    unreadable: list[str] = []
    unknown_ends: set[str] = set()
    for number, line in enumerate(lines, 1):
        match _parsed(line):
            case {"wish_id": str(wish_id), **rest}:
                wish_ids.append(wish_id)
                unknown_ends.discard(str(rest.get("request")))
            case {"request": str(request), "status": int(status)} if status < 500:
                unknown_ends.discard(request)
            case {"request": str(request)}:
                unknown_ends.add(request)
            case _:
                unreadable.append(f"{path.name}, line {number}")
    return Promises(wish_ids, len(unknown_ends), tuple(unreadable))


def promised(path: Path) -> list[str]:
    """Return the wish ids that were answered 202, in the order of their answers, with duplicates."""
    return read(path).wish_ids


def _promise(line: bytes) -> str | None:
    match _parsed(line):
        case {"wish_id": str(wish_id)}:
            return wish_id
    return None


def _parsed(line: str | bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
