import json
import threading
import time
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from infra.generations import GenerationStore
from lastwish.errors import Busy, NoSuchWish, NotYet
from lastwish.local.proxy.ledger import promised
from lastwish.maintenance import audit as auditing
from lastwish.maintenance import dead_letters, lock, rebuild
from lastwish.maintenance.erase import erase
from lastwish.maintenance.history import history
from lastwish.maintenance.rebuild import Options
from lastwish.maintenance.reclaim import reclaim
from tests.support import faults
from tests.support.aws import Aws
from tests.support.chain import Chain, FakeLambdaClient, Quiet, batch_with_message
from tests.support.functions import Invoke
from tests.support.wishes import ids

AT_ONCE = Options(wait=0, patience=0)
SECRET = "The code of the vault is under the third stone"


@pytest.fixture
def chain(
    aws: Aws,
    worker: ModuleType,
    projector: ModuleType,
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Chain:
    monkeypatch.setattr(dead_letters, "LONG_POLL", 0)
    return Chain(aws, worker, projector, invoke, tmp_path / "ledger.jsonl", FakeLambdaClient(mars=1000))


def audited(chain: Chain) -> list[Any]:
    return auditing.audit(chain.stores, partial(promised, chain.ledger), settle=0).differences


def capacity(chain: Chain, monkeypatch: pytest.MonkeyPatch, mars: int) -> None:
    """Build the ship anew, for the worker and for the operator."""
    chain.functions.mars = mars
    monkeypatch.setattr(chain.worker.seats, "_capacity", {"mars": mars, "jupiter": 1000})


def status(chain: Chain, wish_id: str) -> tuple[str, int | None]:
    state = history(chain.stores, wish_id)[-1]["state"]
    return state["status"], state["seat"]


def test_a_rebuild_mends_totals_that_nobody_can_read(chain: Chain) -> None:
    chain.send(5)
    totals = {"pk": {"S": "1#totals"}, "sk": {"S": "-"}, "mars_boarded": {"S": "many"}}
    chain.aws.dynamodb.put_item(TableName="ReadModel", Item=totals)
    assert audited(chain)
    done = rebuild.rebuild(chain.stores, Options(flip=True, wait=0, patience=0), Quiet())
    assert (done.flipped, done.same_totals) == (True, False)
    assert audited(chain) == []


def test_a_rebuild_is_equal_and_is_read_from_then_on(chain: Chain) -> None:
    chain.send(5)
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert (done.ok, done.flipped, done.generation, done.commits, done.rows) == (True, True, 2, 5, 5)
    assert done.checksum_old == done.checksum_new != "0" * 16
    assert chain.stores.read_model.generations().current == 2
    assert chain.generations() == {"2"}
    assert audited(chain) == []


def test_a_second_rebuild_works_and_wishes_keep_coming(chain: Chain) -> None:
    chain.send(2)
    rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    chain.send(2, start=2)
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert (done.ok, done.generation, done.commits) == (True, 3, 4)
    assert chain.generations() == {"3"}
    assert audited(chain) == []


def test_a_damaged_read_model_is_not_equal_and_is_replaced_when_told(chain: Chain) -> None:
    [wish_id, _] = chain.send(2)
    chain.aws.dynamodb.put_item(TableName="ReadModel", Item=chain.row(wish_id) | {"message": {"S": "damaged"}})
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert (done.ok, done.flipped, done.generation) == (False, False, 1)
    assert done.checksum_old != done.checksum_new
    assert chain.generations() == {"1"}
    done = rebuild.rebuild(chain.stores, Options(flip=True, wait=0, patience=0), Quiet())
    assert (done.ok, done.flipped, done.generation) == (True, True, 3)
    assert audited(chain) == []


def test_a_read_model_that_lacks_a_wish_is_not_equal(chain: Chain) -> None:
    [wish_id, _] = chain.send(2)
    row = chain.row(wish_id)
    chain.aws.dynamodb.delete_item(TableName="ReadModel", Key={"pk": row["pk"], "sk": row["sk"]})
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert (done.ok, done.lagging) == (False, 1)


def test_an_interrupted_rebuild_can_be_run_again(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.send(3)
    apply = rebuild._apply

    def killed(*arguments: Any) -> None:
        apply(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rebuild, "_apply", killed)
        with pytest.raises(KeyboardInterrupt):
            rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert chain.generations() == {"1", "2"}
    chain.send(1, start=3)  # goes to the half-built one as well
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert (done.ok, done.generation) == (True, 3)
    assert chain.generations() == {"3"}
    assert audited(chain) == []


def test_told_not_to_flip_it_compares_and_leaves_nothing(chain: Chain) -> None:
    chain.send(2)
    done = rebuild.rebuild(chain.stores, Options(flip=False, wait=0), Quiet())
    assert (done.ok, done.generation, chain.generations()) == (True, 1, {"1"})


def test_the_old_generation_can_be_kept(chain: Chain) -> None:
    chain.send(2)
    rebuild.rebuild(chain.stores, Options(keep_old=True, wait=0), Quiet())
    chain.send(1, start=2)
    live = chain.stores.read_model.generations()
    assert (live.current, live.live) == (2, {1, 2})
    assert chain.stores.read_model.totals(1)["mars_boarded"] == 3


def test_only_one_rebuild_runs_at_a_time(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LEASE", 2.0)
    filling, go_on = threading.Event(), threading.Event()
    plain = rebuild._fill

    def slow(*arguments: Any) -> Any:
        filling.set()
        assert go_on.wait(20)
        return plain(*arguments)

    monkeypatch.setattr(rebuild, "_fill", slow)
    first = threading.Thread(target=rebuild.rebuild, args=(chain.stores, AT_ONCE, Quiet()))
    first.start()
    try:
        assert filling.wait(20)
        with pytest.raises(Busy):
            rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    finally:
        go_on.set()
        first.join()


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
    assert audited(chain) == []


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
    capacity(chain, monkeypatch, mars=4)
    chain.send(1)
    chain.worker.seats.lease({"mars": 2})
    wish_ids = chain.send(5, start=1)  # one boards, four wait
    assert [status(chain, wish_id)[0] for wish_id in wish_ids] == ["boarded"] + ["waitlisted"] * 4
    done = reclaim(chain.stores, 0)
    assert (done.leaked, done.boarded) == (2, 2)
    assert [status(chain, wish_id) for wish_id in wish_ids[1:]] == [
        ("boarded", 2),
        ("boarded", 3),
        ("waitlisted", None),
        ("waitlisted", None),
    ]
    chain.project()
    assert audited(chain) == []
    assert reclaim(chain.stores, 0).boarded == 0


def test_a_larger_ship_boards_who_waits(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    capacity(chain, monkeypatch, mars=0)
    wish_ids = chain.send(3)
    capacity(chain, monkeypatch, mars=2)
    assert reclaim(chain.stores, 0).boarded == 2
    assert [status(chain, wish_id)[0] for wish_id in wish_ids] == ["boarded", "boarded", "waitlisted"]


def test_a_boarding_whose_answer_was_lost_keeps_its_seat(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    capacity(chain, monkeypatch, mars=0)
    wish_ids = chain.send(3)
    capacity(chain, monkeypatch, mars=3)
    faults.sent_again(chain.stores.dynamodb, "dynamodb.PutItem")
    assert reclaim(chain.stores, 0).boarded == 3
    assert [status(chain, wish_id) for wish_id in wish_ids] == [("boarded", seat) for seat in (1, 2, 3)]


def test_an_erased_wish_does_not_board_and_its_seat_is_given_back(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    capacity(chain, monkeypatch, mars=0)
    [wish_id] = chain.send(1)
    capacity(chain, monkeypatch, mars=1)
    plain = chain.stores.seats.__class__.lease

    def lease(seats: Any, wanted: Any) -> Any:
        leased = plain(seats, wanted)
        chain.invoke(chain.worker, {"Records": []})
        erase_quietly(chain, wish_id)
        return leased

    monkeypatch.setattr(chain.stores.seats.__class__, "lease", lease)
    assert reclaim(chain.stores, 0).boarded == 0
    assert chain.stores.seats.free("mars") == [1]


def erase_quietly(chain: Chain, wish_id: str) -> None:
    with pytest.raises(NotYet):  # nobody projects meanwhile
        erase(chain.stores, wish_id, patience=0)


def test_erasure_leaves_no_text_anywhere(chain: Chain) -> None:
    wish_id, neighbour = ids(2)
    chain.promise(wish_id)
    chain.invoke(chain.worker, batch_with_message(wish_id, SECRET))
    chain.send(1, start=1)
    for queue in ("InboxDlq", "PodsDlq"):
        for about in (wish_id, neighbour):
            body = batch_with_message(about, SECRET if about == wish_id else "Something else")["Records"][0]["body"]
            chain.aws.sqs.send_message(QueueUrl=chain.aws.urls[queue], MessageBody=body)
    erase_quietly(chain, wish_id)  # the projection lags, and is told so
    chain.project()
    done = erase(chain.stores, wish_id, patience=0)
    assert (done.ok, done.commits_scrubbed, done.dead_letters_removed) == (True, 0, 0)
    left = chain.texts()
    assert SECRET not in left
    assert left.count("Something else") == 2
    assert audited(chain) == []


def test_erasure_says_what_it_did(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    done = erase(chain.stores, wish_id, patience=20, note=lambda _: chain.project())
    assert (done.commits_scrubbed, done.dead_letters_removed) == (1, 0)
    assert status(chain, wish_id) == ("erased", 1)


def test_a_wish_that_is_only_a_dead_letter_can_be_erased_and_is_still_accounted_for(chain: Chain) -> None:
    [wish_id] = ids(1)
    chain.promise(wish_id)
    body = batch_with_message(wish_id, SECRET)["Records"][0]["body"]
    for queue in ("InboxDlq", "PodsDlq"):
        chain.aws.sqs.send_message(QueueUrl=chain.aws.urls[queue], MessageBody=body)
    assert erase(chain.stores, wish_id, patience=0).dead_letters_removed == 2
    assert erase(chain.stores, wish_id, patience=0).dead_letters_removed == 0
    report = auditing.audit(chain.stores, partial(promised, chain.ledger), settle=0)
    assert (report.ok, report.dead_lettered, report.dead_letters) == (True, 1, 1)
    assert SECRET not in chain.texts()


def test_erasing_what_nobody_knows_is_an_error(chain: Chain) -> None:
    with pytest.raises(NoSuchWish):
        erase(chain.stores, ids(1)[0], patience=0)


def test_what_is_left_of_a_given_up_generation_is_erased_too(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    wish_id = ids(1)[0]
    chain.invoke(chain.worker, batch_with_message(wish_id, SECRET))
    chain.project()
    monkeypatch.setattr(GenerationStore, "drop", lambda *_: 0)  # killed before it cleaned up
    rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert chain.generations() == {"1", "2"}
    erase_quietly(chain, wish_id)
    chain.project()
    erase(chain.stores, wish_id, patience=0)
    assert SECRET not in json.dumps(chain.texts())
