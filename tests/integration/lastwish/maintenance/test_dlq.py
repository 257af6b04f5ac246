"""Dead letters: told apart, sent back, put aside. Nothing is lost when a redrive is killed."""

import json
from collections import Counter
from functools import partial
from types import ModuleType
from typing import Any

import boto3
import pytest

from lastwish.errors import NoSuchLetter, UsageError
from lastwish.local.proxy.ledger import Ledger, read
from lastwish.maintenance import audit as auditing
from lastwish.maintenance import dead_letters, dlq_moves
from lastwish.maintenance.audit import Report
from lastwish.maintenance.dlq import examined, is_hostile, printable, summary
from lastwish.maintenance.dlq_moves import Choice, Moved
from lastwish.maintenance.erase import erase
from lastwish.maintenance.letter_class import CANNOT_SUCCEED, MAY_SUCCEED, Class
from tests.support import faults
from tests.support.aws import as_record
from tests.support.chain import Chain, Quiet, damage
from tests.support.mixed_letters import HOSTILE, QUEUES, STRANGE, TRACE_HEADER, MixedLetters
from tests.support.wishes import ids

EVERY = [*Class]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def letters(chain: Chain) -> MixedLetters:
    chain.ledger.touch()
    return MixedLetters(chain.aws.sqs, chain.aws.urls, chain.ledger)


def facts(chain: Chain) -> dict[str, dict[str, Any]]:
    """Return what a list shows, by message id."""
    with examined(chain.stores, partial(read, chain.ledger)) as found:
        return {str(each.facts()["message_id"]): each.facts() for each in found.found}


def classes(chain: Chain) -> dict[str, str]:
    return {name: each["class"] for name, each in facts(chain).items()}


def redrive(chain: Chain, *letter_ids: str, kinds: Any = MAY_SUCCEED) -> Moved:
    choice = Choice(letter_ids, kinds, rate=10_000)
    return dlq_moves.redrive(chain.stores, partial(read, chain.ledger), choice, Quiet())


def park(chain: Chain, *letter_ids: str, kinds: Any = CANNOT_SUCCEED, reason: str = "seen") -> Moved:
    choice = Choice(letter_ids, kinds, rate=10_000)
    return dlq_moves.park(chain.stores, partial(read, chain.ledger), choice, reason, Quiet())


def work_off(chain: Chain, parser: ModuleType) -> None:
    """Deliver what is in the queues, until they are empty."""
    for queue, function in (("Inbox", parser), ("Pods", chain.worker)):
        while taken := chain.aws.take(queue):
            chain.invoke(function, {"Records": list(map(as_record, taken))})
    chain.project()


def audit(chain: Chain) -> Report:
    return auditing.audit(chain.stores, partial(read, chain.ledger), settle=0)


# --- told apart -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("queue", QUEUES)
def test_each_letter_is_told_apart(chain: Chain, letters: MixedLetters, queue: str) -> None:
    [wish_id] = chain.send(1)
    expected = {letters.stored(queue, wish_id): "stored"}
    expected |= {getattr(letters, each)(queue): each for each in ("transient", "hopeless", "hostile", "stranger")}
    assert classes(chain) == expected


def test_a_list_says_what_is_known_of_a_letter_and_nothing_that_was_typed(chain: Chain, letters: MixedLetters) -> None:
    wish_id = letters.wish()
    letter = letters.stored("PodsDlq", wish_id)
    [found] = facts(chain).values()
    assert found.pop("age_s") >= 0
    assert found == {
        "queue": "PodsDlq",
        "message_id": letter,
        "class": "transient",
        "reason": None,
        "receives": 1,
        "wish_id": wish_id,
        "trace_id": "1-8d12f900-000000000000000000000001",
        "stored": False,
        "parked": None,
    }
    with examined(chain.stores, partial(read, chain.ledger)) as again:
        assert again.found[0].letter.receives == 2
        assert summary(again.found[0].letter)["events"] == ["lastwish.wish.submitted.v1", "lastwish.wish.accepted.v1"]
    assert "dog" not in json.dumps(found)


def test_a_stored_wish_whose_commit_cannot_be_read_is_stored_and_its_letter_hopeless(
    chain: Chain, letters: MixedLetters
) -> None:
    [wish_id] = chain.send(1)
    damage(chain.aws, wish_id)
    letters.put("PodsDlq", json.dumps([{"subject": wish_id}]), reason="UnreadableCommit: version 1")
    [found] = facts(chain).values()
    assert (found["class"], found["stored"]) == ("hopeless", True)


def test_a_wish_whose_answer_nobody_knows_is_no_stranger(chain: Chain, letters: MixedLetters) -> None:
    letters.stored("InboxDlq", letters.wish(promised=False))
    letters.stranger("InboxDlq")
    assert sorted(classes(chain).values()) == ["stranger", "stranger"]
    ledger = Ledger(chain.ledger)
    ledger.end(ledger.ask(), 503)
    assert sorted(classes(chain).values()) == ["stranger", "transient"]


@pytest.mark.parametrize("body", [HOSTILE, '["\\u003cb\\u003e"]', '[{"data": {"name": "a>b"}}]', "[" * 90_000 + "1"])
def test_what_nothing_of_ours_would_say_is_hostile(body: str) -> None:
    assert is_hostile(body)


def test_what_was_typed_with_tags_is_not_hostile_once_the_frontend_has_escaped_it(letters: MixedLetters) -> None:
    assert not is_hostile('{"data": {"message": "&lt;b&gt; \\\\u003c"}}')


def test_a_terminal_gets_no_control_characters() -> None:
    assert printable(STRANGE + "\x1b") == "\\x9b2J[red] who \\u202e is this?\\x1b"


def test_letters_that_somebody_else_reads_are_counted(chain: Chain, letters: MixedLetters) -> None:
    letter = letters.transient("PodsDlq")
    chain.aws.messages("PodsDlq")
    with examined(chain.stores, partial(read, chain.ledger)) as found:
        assert (found.found, found.hidden) == ([], 1)
        with pytest.raises(NoSuchLetter, match="1 are hidden, since others read them: try again in a minute"):
            found.choose([letter], ())
    done = redrive(chain)
    assert (done.ok, done.moved, done.hidden, done.left) == (False, [], 1, 1)


# --- sent back --------------------------------------------------------------------------------------------------------
def test_a_letter_goes_back_with_its_attributes_but_not_with_why_it_came(chain: Chain, letters: MixedLetters) -> None:
    for queue in QUEUES:
        letter = letters.put(queue, f"from {queue}", mine="kept", reason="MalformedMessage: over")
        assert redrive(chain, letter).ok
    for queue in ("Inbox", "Pods"):
        [sent] = chain.aws.messages(queue)
        assert sent["Body"] == f"from {queue}Dlq"
        assert sent["Attributes"]["AWSTraceHeader"] == TRACE_HEADER
        assert {name: each["StringValue"] for name, each in sent["MessageAttributes"].items()} == {"mine": "kept"}


def test_only_what_may_succeed_goes_back_unless_it_is_named(chain: Chain, letters: MixedLetters) -> None:
    letters.transient("PodsDlq")
    hopeless, stranger = letters.hopeless("PodsDlq"), letters.stranger("InboxDlq")
    done = redrive(chain)
    assert ([each["class"] for each in done.moved], done.left, done.ok) == (["transient"], 2, True)
    assert [each["message_id"] for each in redrive(chain, hopeless).moved] == [hopeless]
    assert [each["message_id"] for each in redrive(chain, kinds=[Class.STRANGER]).moved] == [stranger]


def test_an_unknown_id_moves_nothing(chain: Chain, letters: MixedLetters) -> None:
    letter = letters.transient("PodsDlq")
    with pytest.raises(NoSuchLetter, match=r"there is no dead letter 'nobody'$"):
        redrive(chain, letter, "nobody")
    assert classes(chain) == {letter: "transient"}


def test_a_redrive_that_was_killed_between_send_and_delete_loses_and_doubles_nothing(
    chain: Chain, letters: MixedLetters, parser: ModuleType
) -> None:
    letters.transient("InboxDlq")
    letters.transient("PodsDlq")

    def die(**_: Any) -> None:
        raise Killed

    events = chain.aws.sqs.meta.events
    events.register_first("before-call.sqs.DeleteMessage", die)
    with pytest.raises(Killed):
        redrive(chain)
    events.unregister("before-call.sqs.DeleteMessage", die)
    assert len(chain.aws.messages("Inbox")) == 1  # sent, and its letter is there still
    assert redrive(chain).left == 0
    for message in chain.aws.messages("Inbox"):
        chain.invoke(parser, {"Records": [as_record(message)]})
    work_off(chain, parser)
    report = audit(chain)
    assert (report.ok, report.accepted, report.stored) == (True, 2, 2)


def test_a_lost_answer_to_the_delete_leaves_a_letter_that_can_be_redriven_again(
    chain: Chain, letters: MixedLetters, parser: ModuleType
) -> None:
    letter = letters.transient("PodsDlq")
    faults.fails(chain.aws.sqs, "sqs.DeleteMessage", "InternalError", times=1)
    done = redrive(chain)
    assert (done.ok, done.moved, done.left) == (False, [], 1)
    assert done.failed == [{"message_id": letter, "queue": "PodsDlq", "error": "InternalError"}]
    assert redrive(chain).left == 0
    work_off(chain, parser)
    assert audit(chain).ok


def test_a_slow_redrive_holds_a_letter_for_a_moment_and_again(
    chain: Chain, letters: MixedLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "HELD", 1)
    monkeypatch.setattr(dead_letters, "_RENEWED", 0.1)
    for _ in range(3):
        letters.transient("PodsDlq")
    asked, seen = list[int](), list[Any]()
    events = chain.aws.sqs.meta.events
    events.register_first(
        "provide-client-params.sqs.ReceiveMessage", lambda params, **_: asked.append(params["VisibilityTimeout"])
    )
    other = boto3.client("sqs", region_name="us-east-1")
    events.register_first(
        "before-call.sqs.SendMessage",
        lambda **_: seen.extend(other.receive_message(QueueUrl=letters.urls["PodsDlq"]).get("Messages", [])),
    )
    done = dlq_moves.redrive(chain.stores, partial(read, chain.ledger), Choice((), MAY_SUCCEED, rate=1), Quiet())
    assert (max(asked), seen, len(done.moved)) == (1, [], 3)


def test_where_nothing_can_be_sent_a_redrive_gives_up_and_every_letter_stays(
    chain: Chain, letters: MixedLetters
) -> None:
    for _ in range(5):
        letters.transient("PodsDlq")
    faults.fails(chain.aws.sqs, "sqs.SendMessage", "AccessDenied")
    done = redrive(chain)
    assert (len(done.failed), done.moved, done.left) == (3, [], 5)
    assert len(classes(chain)) == 5


def test_a_batch_that_the_projector_gave_up_is_applied_from_the_store(chain: Chain, letters: MixedLetters) -> None:
    chain.send(2)
    for wish_id in ids(4)[2:]:
        chain.promise(wish_id)
    given_up = chain.project
    chain.project = lambda: None  # type: ignore[method-assign]
    chain.send(2, start=2)
    chain.project = given_up  # type: ignore[method-assign]
    letters.batch()
    assert "row-missing" in {each.kind for each in chain.differences()}
    assert classes(chain).popitem()[1] == "stored"
    done = redrive(chain)
    assert (done.ok, len(done.moved), done.left) == (True, 1, 0)
    assert chain.differences() == []
    chain.project()  # the stream comes late: it changes nothing
    assert chain.differences() == []


def test_a_batch_stays_where_a_commit_cannot_be_read(chain: Chain, letters: MixedLetters) -> None:
    damage(chain.aws, chain.send(1)[0])
    letters.batch()
    done = redrive(chain)
    assert (done.ok, done.left) == (False, 1)
    assert done.failed[0]["error"] == "1 commits cannot be read: see `lastwish audit`"


# --- put aside --------------------------------------------------------------------------------------------------------
def test_a_parked_letter_keeps_why_it_came_and_says_why_it_was_parked(chain: Chain, letters: MixedLetters) -> None:
    letter = letters.hopeless("PodsDlq")
    [moved] = park(chain, reason="waits for release 7").moved
    assert (moved["message_id"], moved["class"]) == (letter, "hopeless")
    [found] = facts(chain).values()
    assert (found["queue"], found["class"], found["parked"]) == ("Parked", "hopeless", "waits for release 7")
    assert found["reason"].startswith("MalformedMessage")
    assert found["trace_id"] in TRACE_HEADER
    report = audit(chain)
    assert (report.ok, report.dead_lettered, report.parked, report.dead_letters) == (True, 0, 1, 0)


def test_a_parked_letter_comes_back_by_its_id_only(chain: Chain, letters: MixedLetters) -> None:
    park(chain, letters.transient("PodsDlq"))
    assert redrive(chain, kinds=EVERY).moved == []
    [parked] = facts(chain)
    assert redrive(chain, parked).ok
    [sent] = chain.aws.messages("Pods")
    assert sent["MessageAttributes"].keys() == {"mine"}


def test_what_somebody_else_put_among_the_parked_goes_nowhere(chain: Chain, letters: MixedLetters) -> None:
    letter = letters.put("Parked", "?", parked_from="EventStore")
    with pytest.raises(UsageError, match="nothing says where it came from"):
        redrive(chain, letter)
    with pytest.raises(UsageError, match="parked already"):
        park(chain, letter)


@pytest.mark.parametrize("reason", ["", "a\nb", "\x1b[2J", "x" * 201])
def test_a_reason_is_one_line(chain: Chain, letters: MixedLetters, reason: str) -> None:
    letter = letters.stranger("InboxDlq")
    with pytest.raises(UsageError, match="1 to 200 characters"):
        park(chain, letter, reason=reason)


def test_a_parked_wish_that_was_stored_later_is_counted_once(chain: Chain, letters: MixedLetters) -> None:
    [wish_id] = chain.send(1)
    letters.stored("PodsDlq", wish_id)
    assert {each.kind for each in audit(chain).differences} == {"also-dead-lettered"}
    park(chain, kinds=EVERY)
    report = audit(chain)
    assert (report.ok, report.stored, report.parked) == (True, 1, 0)


def test_an_erasure_removes_a_parked_letter_too(chain: Chain, letters: MixedLetters) -> None:
    [wish_id] = chain.send(1)
    letters.stored("PodsDlq", wish_id)
    park(chain, kinds=EVERY)
    faults.meanwhile(chain.aws.dynamodb, "dynamodb.BatchGetItem", chain.project, about="ReadModel")
    assert erase(chain.stores, wish_id, patience=20).dead_letters_removed == 1
    assert "dog" not in chain.texts()


# --- all of it --------------------------------------------------------------------------------------------------------
def test_fifty_mixed_letters_are_worked_through(chain: Chain, letters: MixedLetters, parser: ModuleType) -> None:
    wish_ids = chain.send(10)
    for number, wish_id in enumerate(wish_ids):
        queue = QUEUES[number % 2]
        letters.stored(queue, wish_id)
        for kind in ("transient", "hopeless", "hostile", "stranger"):
            getattr(letters, kind)(queue)
    assert Counter(classes(chain).values()) == dict.fromkeys(EVERY, 10)

    done = redrive(chain)
    assert (done.ok, len(done.moved), done.left) == (True, 20, 30)
    work_off(chain, parser)
    done = park(chain, reason="seen by the operator")
    assert (done.ok, len(done.moved), done.left) == (True, 30, 0)

    report = audit(chain)
    assert report.differences == []
    assert (report.accepted, report.stored, report.parked, report.dead_letters) == (30, 20, 10, 0)
    assert Counter(classes(chain).values()) == {"hopeless": 10, "hostile": 10, "stranger": 10}
