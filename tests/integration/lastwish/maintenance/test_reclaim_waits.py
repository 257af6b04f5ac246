import time

import pytest

from domain.events import WishAccepted
from domain.wish import RecordWish
from infra.aggregate import Cause, execute
from lastwish.errors import AwsError, Busy
from lastwish.maintenance.lock import Lock
from lastwish.maintenance.reclaim import reclaim
from tests.support import faults
from tests.support.chain import Chain
from tests.support.samples import NOON, submitted
from tests.support.wishes import ids


def test_a_seat_that_was_leased_before_and_is_stored_meanwhile_is_not_freed(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    [seat] = chain.worker.seats.lease({"mars": 1})["mars"]
    real = time.sleep

    def the_worker_appends(seconds: float) -> None:
        if seconds == 32:  # its timeout, and a margin
            command = RecordWish(submitted(), WishAccepted(), seat)
            execute(chain.worker.store, ids(1)[0], command, Cause("commit", "request", NOON), is_new=True)
        else:
            real(seconds)

    monkeypatch.setattr("lastwish.maintenance.reclaim.time.sleep", the_worker_appends)
    assert reclaim(chain.stores, None).leaked == 0
    assert chain.stores.seats.free("mars") == []


def test_a_reclaim_that_slept_before_it_frees_seats_frees_none(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.resize(monkeypatch, mars=1)
    chain.worker.seats.lease({"mars": 1})  # a worker died with it
    [waiting] = chain.send(1)

    def take_over() -> None:
        chain.aws.dynamodb.delete_item(TableName="Seats", Key={"id": {"S": "reclaim"}})  # the lease has run out
        assert reclaim(chain.stores, 0).boarded == 1

    faults.meanwhile(chain.aws.dynamodb, "dynamodb.TransactWriteItems", take_over, about="free#mars")
    with pytest.raises(AwsError):
        reclaim(chain.stores, 0)
    assert chain.status(waiting) == ("boarded", 1)
    assert chain.stores.seats.free("mars") == []


def test_a_reclaim_that_lost_its_lock_boards_nobody(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.resize(monkeypatch, mars=0)
    wish_ids = chain.send(2)
    chain.resize(monkeypatch, mars=2)
    key = {"id": {"S": "reclaim"}}

    def another_begins() -> None:
        chain.aws.dynamodb.delete_item(TableName="Seats", Key=key)  # the lease has run out
        Lock(chain.aws.dynamodb, "Seats", key, "reclaim").acquire()

    faults.meanwhile(chain.aws.dynamodb, "dynamodb.TransactWriteItems", another_begins, about="EventStore")
    with pytest.raises(Busy):
        reclaim(chain.stores, 0)
    assert [chain.status(wish_id) for wish_id in wish_ids] == [("waitlisted", None)] * 2
