"""Journal of one stack: messages in Inbox and commits, as JSON lines in a file that outlives the engine.

docs/journal.md describes the lines. Only the engine appends. A line keeps its place and its length: erasure overwrites
it where it stands, so it needs no second file and no room on a full disk.
"""

import json
import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.commit import wish_of
from domain.envelope import Moment
from domain.events import WishErased, WishSubmitted

_WISH_ID = re.compile(rb'"wish_id":"([^"\\]*)"')  # before all that a person typed
_NOTHING = {"name": {"NULL": True}, "message": {"NULL": True}}


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[1] = 1
    kind: Literal["sent", "stored", "pointer"]
    time: Moment


class _WishLine(_Line):
    """What lines about a wish say. ``types`` are of the events inside, ``destination`` is None where none names it."""

    wish_id: str | None
    types: list[str]
    destination: str | None


class Sent(_WishLine):
    """A message that Inbox took. ``body`` is None once its wish is erased, ``wish_id`` where it names no wish."""

    kind: Literal["sent"] = "sent"
    body: str | None
    attributes: dict[str, Any]
    trace_header: str | None

    @classmethod
    def of(cls, message: dict[str, Any], time: datetime) -> "Sent":
        """Return the entry of a message in the form of SendMessage's arguments."""
        body, system = message["MessageBody"], message.get("MessageSystemAttributes") or {}
        wish_id, kind, data = _envelope(body)
        return cls(
            time=time,
            wish_id=wish_id,
            types=[kind] if kind else [],
            destination=_text(data.get("destination")),
            body=body,
            attributes=message.get("MessageAttributes") or {},
            trace_header=system.get("AWSTraceHeader", {}).get("StringValue"),
        )

    def without_text(self) -> "Sent":
        """Return the entry without what a person typed."""
        return self.model_copy(update={"body": None, "attributes": {}})


class Stored(_WishLine):
    """A commit that EventStore took. ``item`` is DynamoDB's; ``seat`` is None where no event in it gives one."""

    kind: Literal["stored"] = "stored"
    version: int
    commit_id: str | None
    seat: int | None
    item: dict[str, Any]

    @classmethod
    def of(cls, item: dict[str, Any], time: datetime) -> "Stored":
        """Return the entry of an item. Raises KeyError, TypeError or ValueError for one that is no commit of ours."""
        from infra.items import values_of  # boto3 comes with it: who only reads a journal does without

        values = values_of(item)
        data: dict[str, Any] = {}
        for event in values["events"]:
            data |= event["data"]
        return cls(
            time=time,
            wish_id=wish_of(values["stream"]),
            types=[event["type"] for event in values["events"]],
            destination=data.get("destination"),
            version=values["version"],
            commit_id=values["commit_id"],
            seat=data.get("seat"),
            item=item,
        )

    @property
    def erases(self) -> bool:
        """Tell if the wish is erased by this commit."""
        return WishErased.type in self.types

    def without_text(self) -> "Stored":
        """Return the entry without what a person typed. It is never longer: what could be NULL is left out."""
        return self.model_copy(update={"item": _with_personal(self.item, {})})

    def scrubbed(self) -> dict[str, Any]:
        """Return the item as ``EventStore.scrub`` leaves it."""
        return _with_personal(self.item, _NOTHING)


class Pointer(_Line):
    """Pointer of the read model after it was changed: its generations, and whether the wall is blank."""

    kind: Literal["pointer"] = "pointer"
    item: dict[str, Any]


@dataclass(frozen=True)
class Unreadable:
    """A line that says nothing. Lines count from 1."""

    number: int


type Entry = Sent | Stored | Pointer
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])


class Journal:
    """The file, open for its one writer. Lines are in the kernel when a method returns: they survive `kill -9`.

    They are not synced to the disk, so a power cut may lose the last ones.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._unwritten: list[bytes] = []

    def add(self, *entries: Entry) -> None:
        """Take entries to be written by the next `flush`."""
        self._unwritten += [entry.model_dump_json().encode() + b"\n" for entry in entries]

    def flush(self) -> None:
        """Write what was added, each line by itself. Raises OSError, and keeps what is left for the next time."""
        while self._unwritten:
            size, line = os.fstat(self._file).st_size, self._unwritten[0]
            if os.write(self._file, line) != len(line):
                os.ftruncate(self._file, size)
                raise OSError("it took only a part of a line")
            del self._unwritten[0]

    def clear(self) -> int:
        """Forget all. Return how many lines there were."""
        lines = self._path.read_bytes().count(b"\n")
        os.ftruncate(self._file, 0)
        self._unwritten.clear()
        return lines

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def cut_off_torn_line(path: Path) -> bool:
    """Cut off a last line that a crash left unfinished, so that the next one is whole. Return if there was one."""
    end = path.read_bytes().rfind(b"\n") + 1
    torn = end < path.stat().st_size
    if torn:
        os.truncate(path, end)
    return torn


def erase(path: Path, wish_ids: Collection[str | None]) -> int:
    """Overwrite what people typed in the lines of these wishes. Return how many had text. Raises OSError.

    The engine may append meanwhile. Killed in the middle it may leave one line unreadable: the next time blanks it.
    """
    changed, offset = 0, 0
    with path.open("r+b") as file:
        for line in file:
            named = _WISH_ID.search(line)
            # A damaged line may be no UTF-8. One without its end is being written.
            if named and named[1].decode(errors="replace") in wish_ids and line.endswith(b"\n"):
                entry, room = _entry(line), line.rstrip(b" \n")
                bare = entry.without_text().model_dump_json().encode() if isinstance(entry, Sent | Stored) else b""
                if bare != room:
                    # Cut to the same length: a line that somebody else wrote must not grow over its neighbour.
                    os.pwrite(file.fileno(), bare.ljust(len(room))[: len(room)], offset)
                    changed += 1
            offset += len(line)
    return changed


def read(path: Path, about: str = "") -> Iterator[Entry | Unreadable]:
    """Yield what each line says, in order, and nothing for a blank one. ``about`` a wish id, skip lines without it."""
    wanted = about.encode()
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if wanted in line and line.strip():
                yield _entry(line) or Unreadable(number)


def _entry(line: bytes) -> Entry | None:
    with suppress(ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        entry = _ENTRY.validate_json(line)
        if isinstance(entry, Stored):
            Stored.of(entry.item, entry.time)  # raises for a damaged item: nobody could erase in it or put it back
        return entry
    return None


def _envelope(body: str) -> tuple[str | None, str | None, dict[str, Any]]:
    """Return subject, type and data of an envelope, as far as the body of a message is one."""
    read: Any = None
    with suppress(ValueError, RecursionError):
        read = json.loads(body)
    if not isinstance(read, dict):
        return None, None, {}
    data = read.get("data")
    return _text(read.get("subject")), _text(read.get("type")), data if isinstance(data, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _with_personal(item: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of an item whose submissions have these fields in the place of name and message."""
    copy: dict[str, Any] = deepcopy(item)
    for event in copy["events"]["L"]:
        data = event["M"]["data"]["M"]
        # One that was stored without text stays as it is.
        if event["M"]["type"]["S"] == WishSubmitted.type and data.get("message") != _NOTHING["message"]:
            kept = {name: value for name, value in data.items() if name not in _NOTHING}
            event["M"]["data"]["M"] = kept | fields
    return copy
