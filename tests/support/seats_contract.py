"""Tests of seats and of the operator's lock that every engine and fake of DynamoDB passes."""

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from domain.commit import Commit
from domain.errors import StoreUnavailable, VersionConflict
from domain.seats import Seat
from lastwish.errors import Busy
from lastwish.maintenance import lock as locking
from tests.support.event_store_contract import FIRST
from tests.support.tables import Tables


def numbers(leased: Any) -> dict[str, list[int]]:
    return {destination: [seat.number for seat in found] for destination, found in leased.items()}


class SeatsContract:
    """Subclasses define the fixture ``tables``: empty ones."""

    def test_seats_are_leased_in_order_and_never_more_than_there_are(self, tables: Tables) -> None:
        seats = tables.seats(mars=4, jupiter=2)
        assert numbers(seats.lease({"mars": 3, "jupiter": 1})) == {"mars": [1, 2, 3], "jupiter": [1]}
        assert numbers(seats.lease({"mars": 3, "jupiter": 3})) == {"mars": [4], "jupiter": [2]}
        assert numbers(seats.lease({"mars": 1})) == {"mars": []}
        assert seats.marks() == {"mars": 4, "jupiter": 2}

    def test_a_seat_that_was_given_back_is_taken_once(self, tables: Tables) -> None:
        seats = tables.seats(mars=3)
        seats.lease({"mars": 3})
        seats.give_back("mars", [3, 1])
        assert seats.free("mars") == [1, 3]
        taking: Any = [seats.taking(Seat("mars", 1))]
        tables.client.transact_write_items(TransactItems=taking)
        with pytest.raises(tables.client.exceptions.TransactionCanceledException):
            tables.client.transact_write_items(TransactItems=taking)
        assert seats.free("mars") == [3]

    def test_a_smaller_ship_gives_no_seat_twice(self, tables: Tables) -> None:
        tables.seats(mars=6).lease({"mars": 5})
        assert numbers(tables.seats(mars=3).lease({"mars": 2})) == {"mars": []}
        assert numbers(tables.seats(mars=6).lease({"mars": 2})) == {"mars": [6]}

    def test_seats_go_back_only_while_the_lock_is_held(self, tables: Tables) -> None:
        seats, lock = tables.seats(mars=3), tables.lock()
        lock.acquire()
        seats.give_back("mars", [1], lock.guard())
        lock.release()
        with pytest.raises(StoreUnavailable):
            seats.give_back("mars", [2], lock.guard())
        assert seats.free("mars") == [1]

    def test_a_wish_boards_together_with_its_seat_or_not_at_all(self, tables: Tables) -> None:
        seats, lock = tables.seats(mars=3), tables.lock()
        seats.give_back("mars", [1, 2])
        lock.acquire()

        def append(commit: Commit, number: int) -> bool:
            return tables.events.append(commit, [seats.taking(Seat("mars", number)), lock.guard()])

        assert append(FIRST, 1)
        assert append(FIRST, 1) is False  # as a second try after a lost answer; its seat was taken
        with pytest.raises(VersionConflict):
            append(replace(FIRST, commit_id="another"), 2)
        with pytest.raises(StoreUnavailable):
            append(replace(FIRST, version=2), 3)  # no free seat
        lock.release()
        with pytest.raises(StoreUnavailable):
            append(replace(FIRST, version=2), 2)  # another reclaim took over
        assert tables.events.read(FIRST.stream) == [FIRST]
        assert seats.free("mars") == [2]


class LockContract:
    """Subclasses define the fixture ``tables``: empty ones."""

    def test_a_holder_that_lives_keeps_others_out(self, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
        holder = tables.lock()
        holder.acquire()
        clock = SimpleNamespace(time=time.time, monotonic=time.monotonic, sleep=lambda _: holder.renew())
        monkeypatch.setattr(locking, "time", clock)
        with pytest.raises(Busy):
            tables.lock().acquire()

    def test_the_next_takes_it_from_a_holder_that_was_killed(
        self, tables: Tables, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        killed = tables.lock()
        monkeypatch.setattr(locking, "LEASE", -1.0)  # it is over already
        killed.acquire()
        monkeypatch.undo()
        tables.lock().acquire()
        with pytest.raises(Busy):
            killed.renew()

    def test_who_lost_it_gives_nothing_up(self, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
        killed, holder = tables.lock(), tables.lock()
        monkeypatch.setattr(locking, "LEASE", -1.0)
        killed.acquire()
        monkeypatch.undo()
        holder.acquire()
        killed.release()
        holder.renew()

    def test_it_is_free_after_its_release(self, tables: Tables) -> None:
        first = tables.lock()
        first.acquire()
        first.release()
        tables.lock().acquire()
