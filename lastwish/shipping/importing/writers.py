"""Where an import writes its commits: through the store's own adapter, or into files for DynamoDB's import from S3.

Both go through the worker's own steps: a seat in the order of the source, the decision, one commit.
"""

import gzip
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import stamina

from domain.commit import stream_of
from domain.envelope import timestamp
from domain.errors import TransientError
from domain.events import DESTINATIONS, WishAccepted
from domain.seats import Seat
from infra.event_store import EventStore
from lastwish.maintenance.stores import Stores
from lastwish.shipping.importing.checksum import Checksum, of_items
from lastwish.shipping.importing.handover import ROWS_OF_A_LEASE, item_size, write_units
from lastwish.shipping.importing.work import State, Work, own
from worker.boarding import DecidedWish, append, assign_seats

_MILLISECOND = timedelta(milliseconds=1)
_patiently = stamina.retry(on=TransientError, attempts=6, timeout=None, wait_initial=0.5)

type Assigned = dict[str, Seat]


class Writer(ABC):
    """Writes ``rows_at_once`` rows between two checkpoints."""

    rows_at_once: int

    @abstractmethod
    def write(self, wishes: Sequence[DecidedWish], state: State) -> Counter[str]:
        """Write the commits of wishes, in their order, and return their outcomes. Raises TransientError."""


def _times(wishes: Sequence[DecidedWish], seats: Assigned, state: State) -> list[datetime]:
    """Return the time of each commit: now, and later than any before for who waits, since the waitlist goes by time."""
    now, times = max(datetime.now(UTC), datetime.fromtimestamp(state.last / 1000, UTC)), []
    for wish in wishes:
        now += _MILLISECOND * (wish.wish_id not in seats)
        times.append(now)
    return times


def _outcome(wish: DecidedWish, seat: Seat | None) -> str:
    outcome = "boarded" if seat else "waitlisted" if isinstance(wish.verdict, WishAccepted) else "rejected"
    return f"{wish.submitted.destination}_{outcome}"


class StoreWriter(Writer):
    """Appends to a stack's event store, ``at_once`` commits at a time; the projector follows by the table's stream.

    Which seats a block of rows has leased is noted before they are used, so that a killed import goes on with the same.
    Killed between the lease and the note, it leaks the seats of one block: ``leaked`` says so, and `lastwish reclaim`
    frees them.
    """

    rows_at_once = ROWS_OF_A_LEASE

    def __init__(self, stores: Stores, work: Work, at_once: int) -> None:
        self._stores, self._work, self._at_once = stores, work, at_once
        self._delay = int(stores.variables("WorkerFunction").get("WALL_DELAY", 0))
        self.leaked = False

    def write(self, wishes: Sequence[DecidedWish], state: State) -> Counter[str]:
        """Append the commits. One that is stored already changes nothing, and counts as ``stored_before``.

        As ``stored_otherwise`` where its content is another, or another batch brought it.
        """
        seats, times = self._leased(wishes, state)
        with ThreadPoolExecutor(self._at_once) as pool:
            given = [seats.get(wish.wish_id) for wish in wishes]
            outcomes = Counter(pool.map(self._append, wishes, given, times))
        state.last = _milliseconds(times)
        return outcomes

    def _leased(self, wishes: Sequence[DecidedWish], state: State) -> tuple[Assigned, list[datetime]]:
        noted = self._work.read("leased.json") or {}
        if noted.get("rows") == state.rows and "seats" in noted:
            seats = {wish_id: Seat(to, number) for wish_id, (to, number) in noted["seats"].items()}
            return seats, [datetime.fromisoformat(time) for time in noted["times"]]
        self.leaked |= noted.get("rows") == state.rows
        self._work.write("leased.json", {"rows": state.rows})
        seats = _patiently(assign_seats)(self._stores.events, self._stores.seats, wishes)
        times = _times(wishes, seats, state)
        note = {wish_id: (seat.destination, seat.number) for wish_id, seat in seats.items()}
        self._work.write("leased.json", {"rows": state.rows, "seats": note, "times": [str(time) for time in times]})
        return seats, times

    def _append(self, wish: DecidedWish, seat: Seat | None, now: datetime) -> str:
        to, delay = self._stores.events, self._delay
        is_new = _patiently(append)(to, wish, seat, now=now, wall_delay=delay, trace_header=None)
        if seat and not is_new:  # stored by somebody else since
            self._stores.seats.give_back(seat.destination, [seat.number])
        if is_new:
            return _outcome(wish, seat)
        stored = of_items(_patiently(to.items)(stream_of(wish.wish_id))[:1], wish.envelope.correlationid)
        return "stored_before" if stored == with_wish(Checksum(), wish) else "stored_otherwise"


def with_wish(checksum: Checksum, wish: DecidedWish) -> Checksum:
    """Return the checksum with one more wish, as its row says it."""
    return checksum.plus(wish.wish_id, wish.submitted.digest, timestamp(wish.envelope.time))


def _milliseconds(times: Sequence[datetime]) -> int:
    return int(1000 * max(times, default=datetime.now(UTC)).timestamp())


class _PartFile:
    """DynamoDB's client to the store's adapter: it puts each item into a file, as DynamoDB's import wants it."""

    def __init__(self, file: IO[bytes] | None, state: State) -> None:
        self._file, self._state = file, state

    def put_item(self, *, Item: dict[str, Any], **_: object) -> None:  # noqa: N803 - boto3's name
        line = json.dumps({"Item": Item}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        self._state.file_bytes += len(line)
        self._state.units += write_units(item_size(Item))
        if self._file:
            self._file.write(line)


class FilesWriter(Writer):
    """Writes gzipped files of DynamoDB JSON for a new table; without a folder it only counts: a dry run.

    Nobody has a seat in a new table, so seats count from 1 up to ``capacity``, to Mars and to Jupiter.
    """

    rows_at_once = 20_000  # 500 million make 25,000 files; DynamoDB's import takes 50,000

    def __init__(self, parts: Path | None, capacity: tuple[int, int]) -> None:
        self._parts, self._capacity = parts, dict(zip(DESTINATIONS, capacity, strict=True))
        if parts:
            parts.mkdir(exist_ok=True)

    def write(self, wishes: Sequence[DecidedWish], state: State) -> Counter[str]:
        """Write one file. Killed on the way, it is written anew."""
        if not self._parts:
            return self._put(wishes, state, None)
        part = self._parts / f"part-{state.rows // self.rows_at_once:06}.json.gz"
        new = part.with_suffix(".new")
        with open(new, "wb", opener=own) as raw, gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as file:
            outcomes = self._put(wishes, state, file)
        new.replace(part)
        return outcomes

    def _put(self, wishes: Sequence[DecidedWish], state: State, file: Any) -> Counter[str]:
        client: Any = _PartFile(file, state)
        store, seats = EventStore(client, "a new table"), self._seats(wishes, state)
        times = _times(wishes, seats, state)
        for wish, now in zip(wishes, times, strict=True):
            append(store, wish, seats.get(wish.wish_id), now=now, wall_delay=0, trace_header=None)
        state.last = _milliseconds(times)
        return Counter(_outcome(wish, seats.get(wish.wish_id)) for wish in wishes)

    def _seats(self, wishes: Sequence[DecidedWish], state: State) -> Assigned:
        seats, marks = dict[str, Seat](), {to: state.outcomes.get(f"{to}_boarded", 0) for to in DESTINATIONS}
        for wish in wishes:
            to = wish.submitted.destination
            if isinstance(wish.verdict, WishAccepted) and marks[to] < self._capacity[to]:
                marks[to] += 1
                seats[wish.wish_id] = Seat(to, marks[to])
        return seats


def items_in(parts: Path) -> Iterator[dict[str, Any]]:
    """Yield every item of the import files, one after the other."""
    for part in sorted(parts.glob("part-*.json.gz")):
        with gzip.open(part) as lines:
            for line in lines:
                yield json.loads(line)["Item"]
