"""Reclaim leaked seats, and board the waitlist, first come first served.

A worker that dies between leasing and appending leaks a seat. From outside, a worker that is about to append looks the
same. So the marks and the free lists are noted first, the worker's timeout is waited out, and only then is the store
scanned: a seat that was leased before the note is stored by then, or never will be.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from domain.commit import Commit, events_of, wish_of
from domain.events import Destination
from domain.seats import Seat
from domain.wish import BoardFromWaitlist, Wish, fold
from infra.aggregate import Cause, execute
from infra.event_store import commit_of
from lastwish.aws.clients import plain_errors
from lastwish.maintenance.lock import Lock, only_one
from lastwish.maintenance.stores import DESTINATIONS, Stores

# At most this many wishes board before the lock is renewed; a leased block is as large.
_BLOCK = 25


@dataclass
class Reclaimed:
    """Counts: ``leaked`` seats found, ``freed`` ones among them, and ``boarded`` wishes from the waitlist."""

    leaked: int = 0
    freed: int = 0
    boarded: int = 0
    ok: bool = True

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Stored:
    wish_id: str
    recorded: datetime
    wish: Wish
    correlation_id: str


def reclaim(stores: Stores, wait: float | None, note: Callable[[str], None] = lambda _: None) -> Reclaimed:
    """Free leaked seats, then board the waitlist. ``wait`` seconds instead of the worker's timeout are for tests.

    Wishes board in the order in which they were waitlisted. Raises Busy while another reclaim runs, AwsError.
    """
    with (
        plain_errors(),
        only_one(stores.dynamodb, stores.table("Seats"), {"id": {"S": "reclaim"}}, "reclaim") as lock,
    ):
        marks = stores.seats.marks()
        free = {each: set(stores.seats.free(each)) for each in DESTINATIONS}
        pause = stores.timeout("WorkerFunction") if wait is None else wait
        note(f"waiting {pause:g} s until no worker can still store a seat that it has leased")
        time.sleep(pause)
        stored = _scan(stores)
        done = Reclaimed()
        for each in DESTINATIONS:
            held = {one.wish.seat for one in stored if one.wish.destination == each}
            known_free = free[each] | set(stores.seats.free(each))
            leaked = set(range(1, marks.get(each, 0) + 1)) - held - known_free
            lock.renew()
            stores.seats.give_back(each, leaked, lock.guard())
            done.leaked += len(leaked)
            done.freed += len(leaked)
            waiting = [one for one in stored if one.wish.destination == each and _waits(one.wish)]
            done.boarded += _board(stores, lock, each, waiting, note)
        return done


def _waits(wish: Wish) -> bool:
    return wish.outcome == "waitlisted" and not wish.erased


def _scan(stores: Stores) -> list[_Stored]:
    """Return every stored wish, the longest waiting first."""
    streams: dict[str, list[Commit]] = {}
    for commit in map(commit_of, stores.commits()):
        streams.setdefault(commit.stream, []).append(commit)
    return sorted(_wishes(streams), key=lambda one: (one.recorded, one.wish_id))


def _wishes(streams: dict[str, list[Commit]]) -> Iterator[_Stored]:
    for stream, commits in streams.items():
        commits.sort(key=lambda commit: commit.version)
        if wish := fold(events_of(commits)):
            yield _Stored(wish_of(stream), commits[0].time, wish, commits[0].correlation_id)


def _board(
    stores: Stores, lock: Lock, destination: Destination, waiting: list[_Stored], note: Callable[[str], None]
) -> int:
    """Lease seats for waiting wishes, as long as there are any. Return how many boarded."""
    boarded, queue = 0, iter(waiting)
    left = len(waiting)
    while left:
        lock.renew()
        seats = stores.seats.lease({destination: min(_BLOCK, left)}).get(destination, [])
        if not seats:
            note(f"{left} wishes still wait for a seat to {destination}")
            break
        while seats and (one := next(queue, None)):
            left -= 1
            if _boarded(stores, one, seats[0]):
                boarded += 1
                del seats[0]
        # Seats are left where wishes boarded or were erased since the scan.
        stores.seats.give_back(destination, [seat.number for seat in seats])
    return boarded


def _boarded(stores: Stores, one: _Stored, seat: Seat) -> bool:
    # The id follows from wish and command: a repetition after a lost answer is the same commit.
    commit_id = str(uuid.uuid5(uuid.UUID(one.wish_id), "board"))
    cause = Cause(commit_id, one.correlation_id, datetime.now(UTC))
    return execute(stores.events, one.wish_id, BoardFromWaitlist(seat), cause) is not None
