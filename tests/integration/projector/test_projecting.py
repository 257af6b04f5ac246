import random
from types import ModuleType
from typing import Any

import pytest

from domain.commit import stream_of
from domain.errors import StoreUnavailable
from domain.seats import Seat
from domain.wish import BoardFromWaitlist, EraseWish
from infra.aggregate import Cause, execute
from lastwish.aws.generations import GenerationStore
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log
from tests.support.projected import Projected
from tests.support.samples import NOON, LambdaContext, sample
from tests.support.wishes import ids, store, stream_event


def cause(name: str) -> Cause:
    return Cause(commit_id=name, correlation_id="operator", now=NOON)


def test_a_stored_wish_gets_a_row_a_count_and_an_entry_in_the_feed(
    aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected
) -> None:
    projected.apply(store(aws, worker, invoke, 3))
    assert projected.totals() == {"mars_boarded": 3}
    assert projected.feed() == [ids(3)]
    assert {row["seat"]["N"] for row in projected.rows().values()} == {"1", "2", "3"}
    assert projected.is_exact()


def test_a_redelivered_batch_changes_nothing(
    aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected
) -> None:
    items = store(aws, worker, invoke, 5)
    projected.apply(items[:3])
    projected.apply(items)  # half of it was seen before
    before = aws.dynamodb.scan(TableName="ReadModel")["Items"]
    projected.apply(items)
    assert aws.dynamodb.scan(TableName="ReadModel")["Items"] == before
    assert projected.is_exact()


def test_a_crash_after_the_write_changes_nothing(
    aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected
) -> None:
    items = store(aws, worker, invoke, 4)
    faults.answer_lost(projected.projector.dynamodb, "dynamodb.TransactWriteItems")
    with pytest.raises(StoreUnavailable):
        projected.apply(items)
    projected.apply(items)
    assert projected.totals() == {"mars_boarded": 4}
    assert projected.is_exact()


def test_more_wishes_than_fit_a_transaction_are_cut_into_slices(
    aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected
) -> None:
    projected.apply(store(aws, worker, invoke, 120))
    assert len(projected.feed()) == 2
    assert projected.is_exact()


def test_any_order_and_any_batches_give_the_same_read_model(
    aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected
) -> None:
    items = store(aws, worker, invoke, 20)
    for wish_id in ids(20)[::3]:
        execute(worker.store, wish_id, EraseWish(), cause(f"erase {wish_id}"))
    versions = [item for item in aws.stored() if item["version"]["N"] == "2"]
    chance = random.Random(2045)
    delivered = chance.sample(items + versions + items[:7], k=len(items) + len(versions) + 7)
    while delivered:
        cut = chance.randint(1, 6)
        projected.apply(delivered[:cut])
        delivered = delivered[cut:]
    assert projected.totals() == {"mars_boarded": 20}
    assert projected.is_exact()


def test_a_gap_is_filled_from_the_store(aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected) -> None:
    store(aws, worker, invoke, 1)
    execute(worker.store, ids(1)[0], EraseWish(), cause("erase"))
    projected.apply([item for item in aws.stored() if item["version"]["N"] == "2"])
    assert projected.totals() == {"mars_boarded": 1}
    assert projected.rows()[ids(1)[0]]["version"] == {"N": "2"}


def test_an_erased_wish_leaves_no_text_and_keeps_its_count(
    aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected
) -> None:
    projected.apply(store(aws, worker, invoke, 1))
    execute(worker.store, ids(1)[0], EraseWish(), cause("erase"))
    projected.apply([item for item in aws.stored() if item["version"]["N"] == "2"])
    [row] = projected.rows().values()
    assert "message" not in row
    assert projected.totals() == {"mars_boarded": 1}


def test_a_scrubbed_commit_changes_no_row(aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected) -> None:
    items = store(aws, worker, invoke, 1)
    projected.projector.handler(stream_event(items, "MODIFY"), LambdaContext())
    assert projected.rows() == {}


def test_a_wish_that_boards_later_gets_a_copy_in_its_pod(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, invoke: Invoke, projected: Projected
) -> None:
    monkeypatch.setenv("MARS_SEATS", "0")
    worker = request.getfixturevalue("worker")
    projected.apply(store(aws, worker, invoke, 1))
    assert projected.totals() == {"mars_waitlisted": 1}
    execute(worker.store, ids(1)[0], BoardFromWaitlist(Seat("mars", 250)), cause("board"))
    projected.apply([item for item in aws.stored() if item["version"]["N"] == "2"])
    assert projected.totals() == {"mars_boarded": 1}
    assert projected.projector.read_model.rows(1, [f"pod#mars#3/{ids(1)[0]}"])
    assert projected.is_exact()


def test_an_unknown_event_is_skipped_and_counted(
    aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected, log: Log
) -> None:
    [item] = store(aws, worker, invoke, 1)
    future = {"M": {"type": {"S": "lastwish.wish.teleported.v9"}, "time": item["time"], "data": {"M": {}}}}
    item["events"]["L"].append(future)
    log.lines()
    projected.apply([item])
    assert projected.totals() == {"mars_boarded": 1}
    assert [line["UnknownEvents"] for line in log.lines() if "_aws" in line] == [[1.0]]


def test_two_shards_at_once_leave_no_gap(aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected) -> None:
    items = store(aws, worker, invoke, 2)
    read_model = projected.projector.read_model
    plain, other = read_model.totals, items[1:]

    def totals_then_another_shard(*args: Any, **kwargs: Any) -> dict[str, int]:
        found: dict[str, int] = plain(*args, **kwargs)
        while other:
            projected.apply([other.pop()])
        return found

    read_model.totals = totals_then_another_shard
    projected.apply(items[:1])
    read_model.totals = plain
    assert len(projected.feed()) == 2
    assert projected.is_exact()


def test_two_invocations_that_saw_the_same_row_count_a_change_once(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, invoke: Invoke, projected: Projected
) -> None:
    monkeypatch.setenv("MARS_SEATS", "0")
    worker = request.getfixturevalue("worker")
    projected.apply(store(aws, worker, invoke, 1))
    execute(worker.store, ids(1)[0], BoardFromWaitlist(Seat("mars", 1)), cause("board"))
    boarded = [item for item in aws.stored() if item["version"]["N"] == "2"]
    seen: list[int] = []

    def another_invocation(**_: Any) -> None:
        seen.append(1)
        if len(seen) == 1:
            projected.apply(boarded)

    projected.projector.dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", another_invocation)
    projected.apply(boarded)
    assert projected.totals() == {"mars_boarded": 1}
    assert projected.is_exact()


def test_a_projector_that_cannot_write_raises(
    aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected
) -> None:
    items = store(aws, worker, invoke, 1)
    faults.throttled(projected.projector.dynamodb, "dynamodb.TransactWriteItems")
    with pytest.raises(StoreUnavailable, match="ProvisionedThroughputExceeded"):
        projected.apply(items)


def test_every_live_generation_is_written(aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected) -> None:
    pointer = {"pk": {"S": "pointer"}, "sk": {"S": "-"}, "current": {"N": "1"}, "live": {"NS": ["1", "2"]}}
    aws.dynamodb.put_item(TableName="ReadModel", Item=pointer)
    projected.apply(store(aws, worker, invoke, 2))
    read_model = projected.projector.read_model
    assert read_model.totals(1) == read_model.totals(2) == {"mars_boarded": 2, "feed": 1}


def test_the_sample_stream_event_is_projected(projected: Projected) -> None:
    projected.projector.handler(sample("projector-good-wish"), LambdaContext())
    assert projected.totals() == {"jupiter_boarded": 1}


def test_a_wish_boarded_before_seats_were_numbered_still_counts(projected: Projected) -> None:
    projected.projector.handler(sample("projector-boarded-v1"), LambdaContext())
    assert projected.totals() == {"jupiter_boarded": 1}


def test_a_late_record_of_an_erased_wish_brings_no_text_into_a_newer_generation(
    aws: Aws, worker: ModuleType, invoke: Invoke, projected: Projected
) -> None:
    records = store(aws, worker, invoke, 1)
    projected.apply(records)
    events = worker.store
    execute(events, ids(1)[0], EraseWish(), Cause("erase", "operator", NOON))
    for commit in events.read(stream_of(ids(1)[0])):
        events.scrub(commit)
    generations = GenerationStore(aws.dynamodb, "ReadModel")
    new = generations.announce(generations.generations())

    projected.apply(records)  # Lambda delivers at least once, and a new mapping begins a day ago
    rows = [entry for entry in generations.scan([new]) if "version" in entry.values]
    assert [(int(row.values["version"]), "message" in row.values) for row in rows] == [(2, False)]
