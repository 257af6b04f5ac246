import time

import pytest

from lastwish.errors import Busy, NotYet
from lastwish.maintenance import lock
from lastwish.maintenance.erase import erase
from lastwish.maintenance.reclaim import reclaim
from tests.support import faults
from tests.support.chain import Chain
from tests.support.wishes import ids


def test_the_lock_of_one_that_was_killed_is_free_after_a_while(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LEASE", 1.0)
    key = {"id": {"S": "reclaim"}}
    lock.Lock(chain.aws.dynamodb, "Seats", key, "reclaim").acquire()
    assert reclaim(chain.stores, 0).ok


def test_reclaim_frees_exactly_the_leaked_seats(chain: Chain) -> None:
    chain.send(3)
    chain.worker.seats.lease({"mars": 2, "jupiter": 1})  # a worker died with these
    chain.send(1, start=3)
    done = reclaim(chain.stores, 0)
    assert (done.ok, done.leaked, done.freed, done.boarded) == (True, 3, 3, 0)
    assert (chain.stores.seats.free("mars"), chain.stores.seats.free("jupiter")) == ([4, 5], [1])
    assert reclaim(chain.stores, 0).leaked == 0
    assert chain.differences() == []


def test_a_seat_that_is_stored_while_reclaim_waits_is_not_leaked(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.sleep

    def a_worker_goes_on(seconds: float) -> None:
        if seconds == 32:
            chain.send(2)
        else:
            real(seconds)

    monkeypatch.setattr("lastwish.maintenance.reclaim.time.sleep", a_worker_goes_on)
    assert reclaim(chain.stores, None).leaked == 0


def test_who_waits_boards_first_come_first_served(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.resize(monkeypatch, mars=4)
    chain.send(1)
    chain.worker.seats.lease({"mars": 2})
    wish_ids = chain.send(5, start=1)  # one boards, four wait
    assert [chain.status(wish_id)[0] for wish_id in wish_ids] == ["boarded"] + ["waitlisted"] * 4
    done = reclaim(chain.stores, 0)
    assert (done.leaked, done.boarded) == (2, 2)
    assert [chain.status(wish_id) for wish_id in wish_ids[1:]] == [
        ("boarded", 2),
        ("boarded", 3),
        ("waitlisted", None),
        ("waitlisted", None),
    ]
    chain.project()
    assert chain.differences() == []
    assert reclaim(chain.stores, 0).boarded == 0


def test_a_larger_ship_boards_who_waits(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.resize(monkeypatch, mars=0)
    wish_ids = chain.send(3)
    chain.resize(monkeypatch, mars=2)
    assert reclaim(chain.stores, 0).boarded == 2
    assert [chain.status(wish_id)[0] for wish_id in wish_ids] == ["boarded", "boarded", "waitlisted"]


def test_a_boarding_whose_answer_was_lost_keeps_its_seat(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.resize(monkeypatch, mars=0)
    wish_ids = chain.send(3)
    chain.resize(monkeypatch, mars=3)
    faults.sent_again(chain.stores.dynamodb, "dynamodb.TransactWriteItems")
    assert reclaim(chain.stores, 0).boarded == 3
    assert [chain.status(wish_id) for wish_id in wish_ids] == [("boarded", seat) for seat in (1, 2, 3)]


def test_an_erased_wish_does_not_board_and_its_seat_stays_free(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.resize(monkeypatch, mars=0)
    [wish_id] = chain.send(1)
    chain.resize(monkeypatch, mars=1)
    faults.meanwhile(chain.aws.dynamodb, "dynamodb.TransactWriteItems", lambda: erase_quietly(chain, wish_id))
    assert reclaim(chain.stores, 0).boarded == 0
    assert chain.stores.seats.free("mars") == [1]


def erase_quietly(chain: Chain, wish_id: str) -> None:
    with pytest.raises(NotYet):  # nobody projects meanwhile
        erase(chain.stores, wish_id, patience=0)


def test_a_reclaim_that_slept_while_another_took_over_boards_nobody(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.resize(monkeypatch, mars=0)
    wish_ids = chain.send(3)
    chain.resize(monkeypatch, mars=2)

    def take_over() -> None:
        chain.aws.dynamodb.delete_item(TableName="Seats", Key={"id": {"S": "reclaim"}})  # the lease has run out
        assert reclaim(chain.stores, 0).boarded == 2

    faults.meanwhile(chain.aws.dynamodb, "dynamodb.TransactWriteItems", take_over, about="EventStore")
    with pytest.raises(Busy):
        reclaim(chain.stores, 0)
    boarded = [chain.status(wish_id) for wish_id in wish_ids]
    assert boarded == [("boarded", 1), ("boarded", 2), ("waitlisted", None)]
    chain.project()
    assert chain.differences() == []


def test_who_waits_boards_before_who_is_new(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.resize(monkeypatch, mars=1)
    chain.worker.seats.lease({"mars": 1})  # a worker died with it
    [waiting] = chain.send(1)

    def a_new_wish_comes() -> None:
        assert chain.stores.seats.free("mars") == [1]
        chain.send(1, start=1)

    faults.meanwhile(chain.aws.dynamodb, "dynamodb.TransactWriteItems", a_new_wish_comes, about=waiting)
    assert reclaim(chain.stores, 0).boarded == 1
    assert [chain.status(each) for each in ids(2)] == [("boarded", 1), ("waitlisted", None)]


def test_a_smaller_ship_boards_nobody_on_seats_that_it_has_not(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.resize(monkeypatch, mars=4)
    chain.send(1)
    chain.worker.seats.lease({"mars": 3})  # a worker died with these
    chain.resize(monkeypatch, mars=2)
    wish_ids = chain.send(2, start=1)
    said: list[str] = []
    done = reclaim(chain.stores, 0, said.append)
    assert (done.freed, done.boarded) == (3, 1)
    assert [chain.status(wish_id) for wish_id in wish_ids] == [("boarded", 2), ("waitlisted", None)]
    assert chain.stores.seats.free("mars") == [3, 4]
    assert chain.stores.seats.marks() == {"mars": 4}
    assert "the ship to mars has 2 seats, but 4 were leased" in said


def test_a_reclaim_that_was_killed_while_it_boards_loses_no_seat(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.resize(monkeypatch, mars=0)
    wish_ids = chain.send(3)
    chain.resize(monkeypatch, mars=3)

    def kill() -> None:
        raise KeyboardInterrupt

    faults.meanwhile(chain.aws.dynamodb, "dynamodb.TransactWriteItems", kill, about=wish_ids[1])
    with pytest.raises(KeyboardInterrupt):
        reclaim(chain.stores, 0)
    assert reclaim(chain.stores, 0).boarded == 2
    assert [chain.status(wish_id) for wish_id in wish_ids] == [("boarded", seat) for seat in (1, 2, 3)]
