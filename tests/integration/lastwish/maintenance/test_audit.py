import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from domain.wish import HideWish
from infra.aggregate import Cause, execute
from lastwish.local.proxy.ledger import Ledger, read
from lastwish.maintenance import audit as auditing
from lastwish.maintenance import dead_letters
from lastwish.maintenance.audit import Report
from lastwish.maintenance.history import history
from lastwish.promises import Promises
from tests.support.chain import Chain
from tests.support.samples import NOON
from tests.support.wishes import ids


def audit(chain: Chain) -> Report:
    return auditing.audit(chain.stores, partial(read, chain.ledger), settle=0)


def kinds(report: Report) -> set[tuple[str, str | None]]:
    return {(each.kind, each.wish_id) for each in report.differences}


LOST = "0bd5ea93-5d4e-4c52-a7b3-3f6f0a8c9d10"


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
        "imported": 0,
        "unpromised": 0,
        "unknown_ends": 0,
        "dead_letters": 0,
        "differences": [],
    }


def letter(chain: Chain, queue: str, wish_id: str) -> None:
    chain.aws.sqs.send_message(QueueUrl=chain.aws.urls[queue], MessageBody=json.dumps([{"subject": wish_id}]))


def test_a_promise_that_nobody_kept_is_named(chain: Chain) -> None:
    chain.send(1)
    chain.promise(LOST)
    assert kinds(audit(chain)) == {("missing", LOST)}


def test_a_wish_that_may_be_in_a_queue_is_in_flight_and_no_proof(chain: Chain) -> None:
    chain.promise(LOST)
    chain.aws.sqs.send_message(QueueUrl=chain.aws.urls["Pods"], MessageBody="{}")
    report = audit(chain)
    assert (report.ok, report.accepted, report.in_flight) == (False, 1, 1)
    assert kinds(report) == {("in-flight", LOST)}


def test_more_lost_wishes_than_messages_are_missing(chain: Chain) -> None:
    lost = ids(2)
    for wish_id in lost:
        chain.promise(wish_id)
    chain.aws.sqs.send_message(QueueUrl=chain.aws.urls["Pods"], MessageBody="{}")
    report = audit(chain)
    assert kinds(report) == {("missing", wish_id) for wish_id in lost}
    assert report.in_flight == 0


def test_where_the_queues_can_be_looked_into_only_what_is_there_is_in_flight(chain: Chain) -> None:
    there, lost = ids(2)
    for wish_id in (there, lost):
        chain.promise(wish_id)
    bodies = {"Inbox": ["no envelope"], "Pods": [json.dumps([{"subject": there}])] * 5}
    by_url = {chain.aws.urls[queue]: found for queue, found in bodies.items()}
    stores = replace(chain.stores, peek=by_url.__getitem__)
    report = auditing.audit(stores, partial(read, chain.ledger), settle=0)
    assert kinds(report) == {("in-flight", there), ("missing", lost)}
    assert report.in_flight == 1


def test_a_dead_lettered_wish_is_counted_and_stays_where_it_is(chain: Chain) -> None:
    chain.promise(LOST)
    letter(chain, "PodsDlq", LOST)
    for _ in range(2):
        report = audit(chain)
        assert (report.ok, report.accepted, report.dead_lettered) == (True, 1, 1)


def test_a_letter_that_somebody_else_holds_makes_no_wish_missing(chain: Chain) -> None:
    chain.promise(LOST)
    letter(chain, "PodsDlq", LOST)
    chain.aws.messages("PodsDlq")  # for half a minute
    report = audit(chain)
    assert kinds(report) == {("letters-hidden", None), ("uncertain", LOST)}
    assert report.dead_letters == 1


def test_hidden_letters_excuse_no_more_wishes_than_they_are(chain: Chain) -> None:
    lost = ids(2)
    for wish_id in lost:
        chain.promise(wish_id)
    letter(chain, "PodsDlq", lost[0])
    chain.aws.messages("PodsDlq")
    assert kinds(audit(chain)) == {("letters-hidden", None), *(("missing", wish_id) for wish_id in lost)}


def test_the_audit_waits_for_hidden_letters(chain: Chain) -> None:
    chain.promise(LOST)
    letter(chain, "PodsDlq", LOST)
    [held] = chain.aws.messages("PodsDlq")

    def show_again(_: str) -> None:
        chain.aws.sqs.change_message_visibility(
            QueueUrl=chain.aws.urls["PodsDlq"], ReceiptHandle=held["ReceiptHandle"], VisibilityTimeout=0
        )

    assert auditing.audit(chain.stores, partial(read, chain.ledger), 30, show_again).ok


def test_reading_letters_ends_when_they_are_visible_again_too_soon(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wish_id in ids(12):
        letter(chain, "PodsDlq", wish_id)
    monkeypatch.setattr(dead_letters, "HELD", 0)  # as if each read took longer than a letter stays hidden
    monkeypatch.setattr(dead_letters, "_HELD_MORE", 0)
    with dead_letters.held(chain.stores) as found:
        assert 10 <= len(found) <= 12
        assert len(found) + dead_letters.hidden(chain.stores, found) == 12


def hold_seconds(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list in which the seconds appear for which letters are hidden from now on."""
    asked: list[int] = []
    plain = chain.stores.sqs.receive_message

    def receive(**request: Any) -> Any:
        asked.append(request["VisibilityTimeout"])
        return plain(**request)

    monkeypatch.setattr(chain.stores.sqs, "receive_message", receive)
    return asked


def test_many_letters_are_held_for_longer(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "_HELD_MORE", 10.0)
    for wish_id in ids(11):
        letter(chain, "PodsDlq", wish_id)
    asked = hold_seconds(chain, monkeypatch)
    with dead_letters.held(chain.stores) as found:
        assert len(found) == 11
    assert set(asked) == {60, 170}


def test_what_was_stored_without_a_promise_is_named(chain: Chain) -> None:
    wish_ids = chain.send(2)
    chain.ledger.write_text("")
    report = audit(chain)
    assert (report.unpromised, report.stored) == (2, 0)
    assert kinds(report) == {("unpromised", wish_id) for wish_id in wish_ids}


def test_each_request_with_an_unknown_end_explains_one_wish_without_a_promise(chain: Chain) -> None:
    wish_ids = chain.send(2)
    chain.ledger.unlink()
    ledger = Ledger(chain.ledger)
    ledger.ask()
    assert kinds(audit(chain)) == {("unpromised", wish_id) for wish_id in wish_ids}
    ledger.end(ledger.ask(), 503)
    report = audit(chain)
    assert (report.ok, report.unpromised, report.unknown_ends) == (True, 2, 2)


def test_wishes_that_come_while_the_audit_reads_are_in_the_record_by_then(chain: Chain) -> None:
    chain.send(1)
    found = [Promises([]), read(chain.ledger)]
    assert auditing.audit_once(chain.stores, lambda: found.pop(0)).ok


def test_a_record_says_nothing_about_wishes_from_before_it_began(chain: Chain) -> None:
    chain.send(2)
    letter(chain, "PodsDlq", LOST)
    began = Promises([], since=NOON + timedelta(seconds=1))
    assert auditing.audit_once(chain.stores, lambda: began).ok
    whole = Promises([], since=NOON)
    assert auditing.audit_once(chain.stores, lambda: whole).unpromised == 2


def test_who_boarded_from_the_waitlist_is_no_difference(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain.worker.seats, "capacity", {"mars": 1, "jupiter": 1})
    _, waiting = chain.send(2)
    chain.aws.dynamodb.put_item(TableName="Seats", Item={"id": {"S": "marks"}, "mars": {"N": "2"}})
    chain.board(waiting, 2)
    chain.project()
    assert audit(chain).differences == []


def test_the_first_commit_of_a_wish_that_boarded_late_changes_nothing_again(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain.worker.seats, "capacity", {"mars": 0, "jupiter": 1})
    [waiting] = chain.send(1)
    chain.aws.dynamodb.put_item(TableName="Seats", Item={"id": {"S": "marks"}, "mars": {"N": "1"}})
    first = chain.delivered.copy()
    chain.board(waiting, 1)
    chain.project()
    chain.delivered -= first  # a redelivery, or a rebuild that read the stream before it grew
    chain.project()
    assert audit(chain).differences == []


def test_a_commit_that_came_while_the_store_was_scanned_is_no_gap(chain: Chain) -> None:
    chain.send(1)
    wish_id = ids(1)[0]
    execute(chain.worker.store, wish_id, HideWish(), Cause("hide", "operator", datetime.now(UTC)))
    chain.project()

    def first_not_seen(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Items"] = [item for item in parsed["Items"] if item.get("version") != {"N": "1"} or "pk" in item]

    chain.aws.dynamodb.meta.events.register("after-call.dynamodb.Scan", first_not_seen)
    assert kinds(audit(chain)) == set()


def test_history_folds_the_state_at_each_version(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain.worker.seats, "capacity", {"mars": 0, "jupiter": 1})
    [wish_id] = chain.send(1)
    chain.board(wish_id, 7)
    told = history(chain.stores, wish_id)
    assert [(each["version"], each["state"]["status"], each["state"]["seat"]) for each in told] == [
        (1, "waitlisted", None),
        (2, "boarded", 7),
    ]
    assert [event["type"] for event in told[1]["events"]] == ["lastwish.wish.boarded.v2"]
    assert "dog" not in json.dumps(told)
