import threading
import time
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import stamina

from lastwish.errors import AwsError, Busy
from lastwish.maintenance import lock, rebuild
from lastwish.maintenance.rebuild import Options
from tests.support import faults
from tests.support.chain import Chain, Quiet
from tests.support.http import body, get_event, operator_event

AT_ONCE = Options(wait=0, patience=0)


def test_a_rebuild_mends_totals_that_nobody_can_read(chain: Chain) -> None:
    chain.send(5)
    totals = {"pk": {"S": "1#totals"}, "sk": {"S": "-"}, "mars_boarded": {"S": "many"}}
    chain.aws.dynamodb.put_item(TableName="ReadModel", Item=totals)
    assert chain.differences()
    done = rebuild.rebuild(chain.stores, Options(flip=True, wait=0, patience=0), Quiet())
    assert (done.flipped, done.same_totals) == (True, False)
    assert chain.differences() == []


def test_a_rebuild_is_equal_and_is_read_from_then_on(chain: Chain) -> None:
    chain.send(5)
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert (done.ok, done.flipped, done.generation, done.commits, done.rows) == (True, True, 2, 5, 5)
    assert done.checksum_old == done.checksum_new != "0" * 16
    assert chain.stores.read_model.generations().current == 2
    assert chain.generations() == {"2"}
    assert chain.differences() == []


def test_a_rebuild_reads_the_counters_again_that_the_projector_was_just_writing(chain: Chain) -> None:
    """AWS cancels such a read (API Reference, TransactGetItems); moto and the local engine never do."""
    chain.send(1)
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    code = "TransactionCanceledException"
    faults.fails(chain.aws.dynamodb, "dynamodb.TransactGetItems", code, times=2, CancellationReasons=reasons)
    with stamina.set_testing(True, attempts=5):  # retries, but without the pauses
        assert rebuild.rebuild(chain.stores, AT_ONCE, Quiet()).ok


def test_a_rebuild_that_slept_through_its_lock_leaves_the_next_ones_generation_alone(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.send(3)
    model = chain.stores.read_model

    def sleep(_seconds: float) -> None:
        if model.generations().live == {1, 2}:
            assert model.announce(model.generations()) == 3
            chain.send(2, start=3)

    monkeypatch.setattr(rebuild, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    with pytest.raises(AwsError, match="another rebuild moved the pointer"):
        rebuild.rebuild(chain.stores, Options(flip=True, wait=0, patience=0), Quiet())
    chain.send(1, start=5)
    assert model.totals(3, consistent=True) == {"mars_boarded": 3, "feed": 2}
    assert [entry["position"] for entry in model.feed(3, 0, 2, 100)] == [1, 2]


def join_feed(chain: Chain) -> None:
    """Put the feed into one partition, as the versions before docs/decisions/0033 did."""
    table, model = "ReadModel", chain.aws.dynamodb
    for item in model.scan(TableName=table)["Items"]:
        shelf = item["pk"]["S"].split("#")[1:2]
        if shelf == ["totals"]:
            item["position"] = item.pop("feed")
            model.put_item(TableName=table, Item=item)
        elif shelf == ["feed"]:
            model.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
            model.put_item(TableName=table, Item=item | {"pk": {"S": "1#feed"}})


def test_a_feed_in_one_partition_is_refused_until_a_rebuild_has_cut_it(
    chain: Chain, frontend: ModuleType, console: ModuleType
) -> None:
    wish_ids = chain.send(3)
    join_feed(chain)
    wish_ids += chain.send(1, start=3)
    for function, event in ((frontend, get_event("/wishes")), (console, operator_event("/ops/queue"))):
        assert chain.invoke(function, event)["statusCode"] == 503  # a wall without the old wishes would look right
    assert body(chain.invoke(frontend, get_event("/manifest")))["destinations"]["mars"]["boarded"] == 4
    assert {"model-unreadable", "totals"} <= {each.kind for each in chain.differences()}
    assert rebuild.rebuild(chain.stores, AT_ONCE, Quiet()).ok
    page = body(chain.invoke(frontend, get_event("/wishes")))
    assert (sorted(wish["wish_id"] for wish in page["wishes"]), chain.differences()) == (wish_ids, [])


def test_a_second_rebuild_works_and_wishes_keep_coming(chain: Chain) -> None:
    chain.send(2)
    rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    chain.send(2, start=2)
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert (done.ok, done.generation, done.commits) == (True, 3, 4)
    assert chain.generations() == {"3"}
    assert chain.differences() == []


def test_a_damaged_read_model_is_not_equal_and_is_replaced_when_told(chain: Chain) -> None:
    [wish_id, _] = chain.send(2)
    chain.aws.dynamodb.put_item(TableName="ReadModel", Item=chain.row(wish_id) | {"message": {"S": "damaged"}})
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert (done.ok, done.flipped, done.generation) == (False, False, 1)
    assert done.checksum_old != done.checksum_new
    assert chain.generations() == {"1"}
    done = rebuild.rebuild(chain.stores, Options(flip=True, wait=0, patience=0), Quiet())
    assert (done.ok, done.flipped, done.generation) == (True, True, 3)
    assert chain.differences() == []


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
    assert chain.differences() == []


def test_one_that_slept_before_it_wrote_writes_nothing(chain: Chain) -> None:
    chain.send(3)
    key = {"pk": {"S": "lock"}, "sk": {"S": "rebuild"}}

    def another_takes_over() -> None:
        chain.aws.dynamodb.put_item(TableName="ReadModel", Item={**key, "owner": {"S": "another"}})

    faults.meanwhile(chain.aws.dynamodb, "dynamodb.TransactWriteItems", another_takes_over)
    with pytest.raises(Busy, match="took over"):
        rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert chain.generations() == {"1"}


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
