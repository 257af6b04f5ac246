"""Reclaim leaked seats, and board the waitlist, first come first served.

A worker that dies between leasing and appending leaks a seat. From outside, a worker that is about to append looks the
same. So the marks are noted first, the worker's timeout is waited out, and only then is the store scanned: a seat that
was leased before the note is stored or free by then, or never will be.

A commit that cannot be read may hold any seat. Where there is one, no leaked seat is freed and its wish does not board.

A wish boards in one transaction with its seat's way off the free list and with the lock, so a reclaim that slept while
another took over boards nobody.
"""

import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from domain.commit import Commit, events_of, wish_of
from domain.errors import StoreUnavailable, UnreadableCommit
from domain.events import DESTINATIONS, Destination
from domain.seats import Seat
from domain.wish import BoardFromWaitlist, Wish, fold
from infra.aggregate import Cause, execute
from lastwish.aws.clients import plain_errors
from lastwish.maintenance.lock import Lock, only_one
from lastwish.maintenance.stores import Stores, names_of

# At most this many wishes board before the lock is renewed and the free list is read again.
_BLOCK = 25


@dataclass
class Reclaimed:
    """Counts: ``leaked`` seats found, ``freed`` ones among them, and ``boarded`` wishes from the waitlist.

    ``unreadable`` names commits that could not be read; without any, it is ``ok``.
    """

    unreadable: list[dict[str, object]]
    leaked: int = 0
    freed: int = 0
    boarded: int = 0

    @property
    def ok(self) -> bool:
        """True when everything was read."""
        return not self.unreadable

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {"ok": self.ok, **asdict(self)}


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
        pause = stores.timeout("WorkerFunction") if wait is None else wait
        note(f"waiting {pause:g} s until no worker can still store a seat that it has leased")
        time.sleep(pause)
        stored, unreadable = _scan(stores)
        done = Reclaimed(names_of(unreadable))
        for each in DESTINATIONS:
            if marks.get(each, 0) > stores.seats.capacity[each]:
                note(f"the ship to {each} has {stores.seats.capacity[each]} seats, but {marks[each]} were leased")
            held = {one.wish.seat for one in stored if one.wish.destination == each}
            leaked = set(range(1, marks.get(each, 0) + 1)) - held - set(stores.seats.free(each))
            done.leaked += len(leaked)
            lock.renew()
            if done.ok:
                stores.seats.give_back(each, leaked, lock.guard())
                done.freed += len(leaked)
            waiting = [one for one in stored if one.wish.destination == each and _waits(one.wish)]
            done.boarded += _board(stores, lock, each, deque(waiting), note)
        return done


def _waits(wish: Wish) -> bool:
    return wish.outcome == "waitlisted" and not wish.erased


def _scan(stores: Stores) -> tuple[list[_Stored], list[UnreadableCommit]]:
    """Return every stored wish whose commits can all be read, the longest waiting first, and what cannot be read."""
    streams: dict[str, list[Commit]] = {}
    unreadable: list[UnreadableCommit] = []
    for _, commit in stores.readable(unreadable):
        streams.setdefault(commit.stream, []).append(commit)
    for each in unreadable:
        streams.pop(each.stream, None)
    return sorted(_wishes(streams), key=lambda one: (one.recorded, one.wish_id)), unreadable


def _wishes(streams: dict[str, list[Commit]]) -> Iterator[_Stored]:
    for stream, commits in streams.items():
        commits.sort(key=lambda commit: commit.version)
        if wish := fold(events_of(commits)):
            yield _Stored(wish_of(stream), commits[0].time, wish, commits[0].correlation_id)


def _board(
    stores: Stores, lock: Lock, destination: Destination, waiting: deque[_Stored], note: Callable[[str], None]
) -> int:
    """Board waiting wishes, as long as there are seats. Return how many boarded."""
    boarded = 0
    while waiting:
        lock.renew()
        seats = _offered(stores, lock, destination, min(_BLOCK, len(waiting)))
        if not seats:
            note(f"{len(waiting)} wishes still wait for a seat to {destination}")
            break
        while seats and waiting:
            # It does not board where it has boarded or was erased since the scan.
            if _boarded(stores, lock, waiting.popleft(), seats[0]):
                boarded += 1
                del seats[0]
    return boarded


def _offered(stores: Stores, lock: Lock, destination: Destination, most: int) -> list[Seat]:
    """Return seats of the free list. Where it has none on this ship, put seats there that nobody has had."""
    there = [number for number in stores.seats.free(destination) if number <= stores.seats.capacity[destination]]
    if there:
        return [Seat(destination, number) for number in there[:most]]
    unused = stores.seats.lease({destination: most})[destination]
    stores.seats.give_back(destination, [seat.number for seat in unused], lock.guard())
    return unused


def _boarded(stores: Stores, lock: Lock, one: _Stored, seat: Seat) -> bool:
    # The id follows from wish and command: a repetition after a lost answer is the same commit.
    commit_id = str(uuid.uuid5(uuid.UUID(one.wish_id), "board"))
    cause = Cause(commit_id, one.correlation_id, datetime.now(UTC))
    also = [stores.seats.taking(seat), lock.guard()]
    try:
        return execute(stores.events, one.wish_id, BoardFromWaitlist(seat), cause, also=also) is not None
    except StoreUnavailable:
        lock.renew()  # says so where another reclaim took over
        raise
