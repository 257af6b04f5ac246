import json
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from domain.commit import stream_of
from lastwish.local.proxy.ledger import promised
from lastwish.maintenance import audit as auditing
from lastwish.maintenance import dead_letters
from lastwish.maintenance.audit import Report
from lastwish.maintenance.history import history
from tests.support.aws import Aws
from tests.support.chain import Chain, FakeLambdaClient
from tests.support.functions import Invoke
from tests.support.wishes import ids


@pytest.fixture
def chain(
    aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Chain:
    monkeypatch.setattr(dead_letters, "LONG_POLL", 0)
    return Chain(aws, worker, projector, invoke, tmp_path / "ledger.jsonl", FakeLambdaClient(mars=1000))


def audit(chain: Chain) -> Report:
    return auditing.audit(chain.stores, partial(promised, chain.ledger), settle=0)


def kinds(report: Report) -> set[tuple[str, str | None]]:
    return {(each.kind, each.wish_id) for each in report.differences}


def delete(chain: Chain, table: str, **key: dict[str, str]) -> None:
    chain.aws.dynamodb.delete_item(TableName=table, Key=key)


def change(chain: Chain, item: dict[str, Any], name: str, value: dict[str, Any], table: str = "ReadModel") -> None:
    chain.aws.dynamodb.put_item(TableName=table, Item=item | {name: value})


def test_all_is_well_when_all_is_well(chain: Chain) -> None:
    chain.send(3)
    chain.promise(ids(1)[0])  # a double tap
    facts = audit(chain).facts()
    assert facts == {
        "ok": True,
        "accepted": 3,
        "stored": 3,
        "in_flight": 0,
        "dead_lettered": 0,
        "parked": 0,
        "unpromised": 0,
        "dead_letters": 0,
        "differences": [],
    }


def test_a_deleted_commit_is_missed_and_named(chain: Chain) -> None:
    wish_id, *_ = chain.send(3)
    delete(chain, "EventStore", stream={"S": stream_of(wish_id)}, version={"N": "1"})
    report = audit(chain)
    assert {("missing", wish_id), ("row-without-wish", wish_id), ("totals", None)} <= kinds(report)
    assert not report.ok


def test_a_promise_that_nobody_kept_is_named(chain: Chain) -> None:
    chain.send(1)
    chain.promise("0bd5ea93-5d4e-4c52-a7b3-3f6f0a8c9d10")
    assert kinds(audit(chain)) == {("missing", "0bd5ea93-5d4e-4c52-a7b3-3f6f0a8c9d10")}


def test_a_wish_on_its_way_is_in_flight(chain: Chain) -> None:
    wish_id = "0bd5ea93-5d4e-4c52-a7b3-3f6f0a8c9d10"
    chain.promise(wish_id)
    chain.aws.sqs.send_message(QueueUrl=chain.aws.urls["Pods"], MessageBody="{}")
    report = audit(chain)
    assert (report.ok, report.accepted, report.in_flight) == (True, 1, 1)


def test_a_dead_lettered_wish_is_counted_and_stays_where_it_is(chain: Chain) -> None:
    wish_id = "0bd5ea93-5d4e-4c52-a7b3-3f6f0a8c9d10"
    chain.promise(wish_id)
    chain.aws.sqs.send_message(QueueUrl=chain.aws.urls["PodsDlq"], MessageBody=json.dumps([{"subject": wish_id}]))
    for _ in range(2):
        report = audit(chain)
        assert (report.ok, report.accepted, report.dead_lettered) == (True, 1, 1)


def test_what_was_stored_without_a_promise_is_no_difference(chain: Chain) -> None:
    chain.send(2)
    chain.ledger.write_text("")
    report = audit(chain)
    assert (report.ok, report.unpromised, report.stored) == (True, 2, 0)


def test_a_changed_total_is_found(chain: Chain) -> None:
    chain.send(2)
    chain.aws.dynamodb.put_item(
        TableName="ReadModel",
        Item={"pk": {"S": "1#totals"}, "sk": {"S": "-"}, "mars_boarded": {"N": "3"}, "position": {"N": "1"}},
    )
    [found] = audit(chain).differences
    assert (found.kind, found.detail) == ("totals", "mars_boarded in all: 3 counted, 2 stored")


def feed_item(wishes: dict[str, list[str]], minutes: dict[str, dict[str, int]]) -> dict[str, Any]:
    """The first entry of the feed."""
    entry = {"pk": "1#feed", "sk": f"{1:012}", "wishes": wishes, "minutes": minutes}
    return {name: TypeSerializer().serialize(value) for name, value in entry.items()}


def test_a_changed_minute_is_found(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    wrong = feed_item({"pod#mars#1": [wish_id]}, {"2045-01-01T00:00": {"mars_boarded": 1}})
    chain.aws.dynamodb.put_item(TableName="ReadModel", Item=wrong)
    assert kinds(audit(chain)) == {("minutes", None)}


def test_a_seat_held_twice_is_found(chain: Chain) -> None:
    one, two = chain.send(2)
    first, second = sorted(chain.aws.stored(), key=lambda item: item["stream"]["S"])
    second["events"]["L"][2] = first["events"]["L"][2]
    chain.aws.dynamodb.put_item(TableName="EventStore", Item=second)
    assert {("seat-twice", one), ("seat-twice", two), ("row-differs", two)} <= kinds(audit(chain))


def test_a_seat_that_is_held_and_free_is_found(chain: Chain) -> None:
    one, _ = chain.send(2)
    chain.stores.seats.give_back("mars", [1])
    assert kinds(audit(chain)) == {("seat-free", one)}


def test_a_seat_that_was_never_leased_is_found(chain: Chain) -> None:
    _, two = chain.send(2)
    chain.aws.dynamodb.put_item(TableName="Seats", Item={"id": {"S": "marks"}, "mars": {"N": "1"}})
    assert kinds(audit(chain)) == {("seat-above-mark", two)}


def test_a_hole_in_the_feed_is_found(chain: Chain) -> None:
    one, _ = chain.send(1) + chain.send(1, start=1)
    delete(chain, "ReadModel", pk={"S": "1#feed"}, sk={"S": f"{1:012}"})
    assert kinds(audit(chain)) == {("feed-hole", None), ("feed-missing", one), ("minutes", None)}


def test_a_lost_end_of_the_feed_is_found(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    delete(chain, "ReadModel", pk={"S": "1#feed"}, sk={"S": f"{1:012}"})
    assert {("feed-hole", None), ("feed-missing", wish_id)} <= kinds(audit(chain))


def test_a_wish_twice_in_the_feed_is_found(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    chain.aws.dynamodb.put_item(TableName="ReadModel", Item=feed_item({"pod#mars#1": [wish_id, wish_id]}, {}))
    assert ("feed-twice", wish_id) in kinds(audit(chain))


def test_an_item_of_no_known_form_is_found(chain: Chain) -> None:
    chain.send(1)
    chain.aws.dynamodb.put_item(TableName="ReadModel", Item={"pk": {"S": "1#feed"}, "sk": {"S": "what"}})
    assert ("unreadable", None) in kinds(audit(chain))


def test_a_changed_row_is_found_without_quoting_it(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    change(chain, chain.row(wish_id), "message", {"S": "something else"})
    [found] = audit(chain).differences
    assert (found.kind, found.wish_id, found.detail) == ("row-differs", wish_id, "at pod#mars#1: message")


def test_a_lost_row_is_found(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    delete(chain, "ReadModel", pk={"S": "1#pod#mars#1"}, sk={"S": wish_id})
    assert kinds(audit(chain)) == {("row-missing", wish_id), ("feed-without-row", wish_id)}


def test_a_second_row_is_found(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    change(chain, chain.row(wish_id), "pk", {"S": "1#pod#mars#2"})
    assert kinds(audit(chain)) == {("row-twice", wish_id)}


def test_a_gap_in_a_stream_is_found(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    [item] = chain.aws.stored()
    change(chain, item, "version", {"N": "3"}, "EventStore")
    assert ("gap", wish_id) in kinds(audit(chain))


def test_a_tag_in_a_stored_text_is_found_and_not_quoted(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    [item] = chain.aws.stored()
    item["events"]["L"][0]["M"]["data"]["M"]["message"] = {"S": "<script>evil()</script>"}
    chain.aws.dynamodb.put_item(TableName="EventStore", Item=item)
    report = audit(chain)
    assert {("tag", wish_id), ("unreadable", wish_id)} <= kinds(report)
    assert "evil" not in json.dumps(report.facts())


def test_who_boarded_from_the_waitlist_is_no_difference(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain.worker.seats, "_capacity", {"mars": 1, "jupiter": 1})
    _, waiting = chain.send(2)
    chain.aws.dynamodb.put_item(TableName="Seats", Item={"id": {"S": "marks"}, "mars": {"N": "2"}})
    chain.board(waiting, 2)
    chain.project()
    assert audit(chain).differences == []


def test_the_first_commit_of_a_wish_that_boarded_late_changes_nothing_again(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain.worker.seats, "_capacity", {"mars": 0, "jupiter": 1})
    [waiting] = chain.send(1)
    chain.aws.dynamodb.put_item(TableName="Seats", Item={"id": {"S": "marks"}, "mars": {"N": "1"}})
    first = chain.delivered.copy()
    chain.board(waiting, 1)
    chain.project()
    chain.delivered -= first  # a redelivery, or a rebuild that read the stream before it grew
    chain.project()
    assert audit(chain).differences == []


def test_history_folds_the_state_at_each_version(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain.worker.seats, "_capacity", {"mars": 0, "jupiter": 1})
    [wish_id] = chain.send(1)
    chain.board(wish_id, 7)
    told = history(chain.stores, wish_id)
    assert [(each["version"], each["state"]["status"], each["state"]["seat"]) for each in told] == [
        (1, "waitlisted", None),
        (2, "boarded", 7),
    ]
    assert [event["type"] for event in told[1]["events"]] == ["lastwish.wish.boarded.v2"]
    assert "dog" not in json.dumps(told)
