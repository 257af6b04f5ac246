import json
from functools import partial

import pytest

from domain.commit import stream_of
from infra import erasure
from lastwish.aws.generations import GenerationStore
from lastwish.errors import AwsError, NoSuchWish, NotYet
from lastwish.local.proxy.ledger import read
from lastwish.maintenance import audit as auditing
from lastwish.maintenance import rebuild
from lastwish.maintenance.erase import erase
from lastwish.maintenance.rebuild import Options
from tests.support import faults
from tests.support.chain import Chain, Quiet, batch_with_message
from tests.support.wishes import ids

AT_ONCE = Options(wait=0, patience=0)
SECRET = "The code of the vault is under the third stone"
BOTH = ("InboxDlq", "PodsDlq")
PATIENCE = 20


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_PAUSE", 0)


def body_of(wish_id: str, message: str = SECRET) -> str:
    """A body of Pods, with the text of this wish."""
    body: str = batch_with_message(wish_id, message)["Records"][0]["body"]
    return body


def dead_letter(chain: Chain, body: str, *queues: str) -> None:
    for queue in queues:
        chain.aws.sqs.send_message(QueueUrl=chain.aws.urls[queue], MessageBody=body)


def letters(chain: Chain) -> list[str]:
    """Bodies of all dead letters, which stay visible."""
    found = []
    for queue in BOTH:
        answer = chain.aws.sqs.receive_message(
            QueueUrl=chain.aws.urls[queue], MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        found += [message["Body"] for message in answer.get("Messages", [])]
    return found


def projecting(chain: Chain) -> None:
    """The projector does its part before the erasure looks at the read model."""
    faults.meanwhile(chain.aws.dynamodb, "dynamodb.BatchGetItem", chain.project, about="ReadModel")


def test_erasure_leaves_no_text_anywhere(chain: Chain) -> None:
    wish_id, neighbour = ids(2)
    chain.promise(wish_id)
    chain.invoke(chain.worker, batch_with_message(wish_id, SECRET))
    chain.send(1, start=1)
    dead_letter(chain, body_of(wish_id), *BOTH)
    dead_letter(chain, body_of(neighbour, "Something else"), *BOTH)
    projecting(chain)
    done = erase(chain.stores, wish_id, PATIENCE)
    assert (done.ok, done.commits_scrubbed, done.dead_letters_removed) == (True, 1, 2)
    assert {(each.kind, each.wish_id) for each in chain.differences()} == {("also-dead-lettered", neighbour)}
    left = chain.texts()
    assert SECRET not in left
    assert left.count("Something else") == 2
    assert chain.status(wish_id) == ("erased", 1)


def test_an_erasure_can_be_repeated_and_does_nothing_then(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    projecting(chain)
    erase(chain.stores, wish_id, PATIENCE)
    before = chain.texts()
    done = erase(chain.stores, wish_id, patience=0)
    assert (done.ok, done.commits_scrubbed, done.dead_letters_removed) == (True, 0, 0)
    assert chain.texts() == before


def test_while_the_projector_lags_it_says_not_yet(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    with pytest.raises(NotYet, match="generation 1") as raised:
        erase(chain.stores, wish_id, patience=0)
    assert raised.value.facts["left"] == ["generation 1"]


@pytest.mark.parametrize("queues", [["InboxDlq"], ["PodsDlq"], BOTH])
def test_a_wish_that_is_only_a_dead_letter_is_stored_as_erased(chain: Chain, queues: list[str]) -> None:
    [wish_id] = ids(1)
    chain.promise(wish_id)
    dead_letter(chain, body_of(wish_id), *queues)
    projecting(chain)
    assert erase(chain.stores, wish_id, PATIENCE).dead_letters_removed == len(queues)
    assert chain.status(wish_id) == ("erased", None)
    report = auditing.audit(chain.stores, partial(read, chain.ledger), settle=0)
    assert (report.ok, report.stored, report.dead_lettered, report.dead_letters) == (True, 1, 0, 0)
    assert SECRET not in chain.texts()


def test_a_wish_erased_before_it_was_stored_stays_erased_when_its_submission_comes(chain: Chain) -> None:
    [wish_id] = ids(1)
    chain.promise(wish_id)
    dead_letter(chain, body_of(wish_id), "PodsDlq")
    projecting(chain)
    erase(chain.stores, wish_id, PATIENCE)
    late = chain.invoke(chain.worker, batch_with_message(wish_id, SECRET))
    assert late == {"batchItemFailures": []}
    chain.project()
    assert chain.status(wish_id) == ("erased", None)
    assert chain.stores.seats.marks() == {}
    assert SECRET not in chain.texts()
    assert chain.differences() == []


def test_a_submission_that_is_being_boarded_meanwhile_loses_and_gives_its_seat_back(chain: Chain) -> None:
    [wish_id] = ids(1)
    dead_letter(chain, body_of(wish_id), "PodsDlq")

    def erase_first() -> None:
        projecting(chain)
        erase(chain.stores, wish_id, PATIENCE)

    faults.meanwhile(chain.worker.dynamodb, "dynamodb.PutItem", erase_first)
    assert chain.invoke(chain.worker, batch_with_message(wish_id, SECRET)) == {"batchItemFailures": []}
    chain.project()
    assert chain.status(wish_id) == ("erased", None)
    assert chain.stores.seats.free("mars") == [1]
    assert SECRET not in chain.texts()


def test_a_rebuild_and_a_second_audit_know_a_wish_that_was_erased_before_it_was_stored(chain: Chain) -> None:
    [wish_id] = ids(1)
    chain.promise(wish_id)
    dead_letter(chain, body_of(wish_id), "InboxDlq")
    projecting(chain)
    erase(chain.stores, wish_id, PATIENCE)
    assert rebuild.rebuild(chain.stores, AT_ONCE, Quiet()).ok
    assert chain.differences() == []


def test_a_letter_that_somebody_else_reads_is_not_taken_for_erased(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    dead_letter(chain, body_of(wish_id), "PodsDlq")
    held = chain.aws.messages("PodsDlq")  # invisible from now on
    projecting(chain)
    with pytest.raises(NotYet, match="PodsDlq"):
        erase(chain.stores, wish_id, patience=0)
    for each in held:
        chain.aws.sqs.change_message_visibility(
            QueueUrl=chain.aws.urls["PodsDlq"], ReceiptHandle=each["ReceiptHandle"], VisibilityTimeout=0
        )
    assert erase(chain.stores, wish_id, PATIENCE).dead_letters_removed == 1


def test_letters_about_others_are_visible_again_at_once(chain: Chain) -> None:
    wish_id, neighbour = ids(2)
    chain.send(1)
    dead_letter(chain, body_of(neighbour, "Something else"), *BOTH)
    dead_letter(chain, "no envelope", *BOTH)
    projecting(chain)
    erase(chain.stores, wish_id, PATIENCE)
    assert sorted(letters(chain)) == sorted(2 * ["no envelope", body_of(neighbour, "Something else")])


@pytest.mark.parametrize(
    "body",
    [
        {"subject": ids(1)[0]},
        {"subject": ids(1)[0], "data": {"destination": "the moon", "digest": 64 * "a", "message": SECRET}},
        {"subject": ids(1)[0], "data": SECRET},
    ],
)
def test_a_letter_without_a_submission_is_all_that_is_left_of_its_wish_and_stays(chain: Chain, body: object) -> None:
    [wish_id] = ids(1)
    dead_letter(chain, json.dumps([body]), "PodsDlq")
    with pytest.raises(NotYet, match="PodsDlq"):
        erase(chain.stores, wish_id, patience=0)
    assert letters(chain) == [json.dumps([body])]
    assert chain.worker.store.read(stream_of(wish_id)) == []


def test_a_letter_without_a_submission_is_removed_once_its_wish_is_stored(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    dead_letter(chain, json.dumps({"subject": wish_id, "data": SECRET}), "InboxDlq")
    projecting(chain)
    assert erase(chain.stores, wish_id, PATIENCE).dead_letters_removed == 1
    assert letters(chain) == []


def test_a_queue_that_does_not_answer_is_an_error_and_nothing_is_called_erased(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    projecting(chain)
    faults.fails(chain.aws.sqs, "sqs.ReceiveMessage", "ServiceUnavailable")
    with pytest.raises(AwsError, match="InboxDlq: ServiceUnavailable"):
        erase(chain.stores, wish_id, PATIENCE)


def test_killed_between_the_fact_and_the_letter_it_is_repeated(chain: Chain) -> None:
    [wish_id] = ids(1)
    dead_letter(chain, body_of(wish_id), "PodsDlq")

    def kill() -> None:
        raise KeyboardInterrupt

    faults.meanwhile(chain.aws.sqs, "sqs.DeleteMessage", kill)
    with pytest.raises(KeyboardInterrupt):
        erase(chain.stores, wish_id, PATIENCE)
    projecting(chain)
    assert erase(chain.stores, wish_id, PATIENCE).dead_letters_removed == 1
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
    projecting(chain)
    erase(chain.stores, wish_id, PATIENCE)
    assert SECRET not in chain.texts()


def test_a_wish_that_was_stored_while_it_was_looked_for_is_not_called_erased(chain: Chain) -> None:
    wish_id = ids(1)[0]
    batch = batch_with_message(wish_id, SECRET)
    faults.meanwhile(chain.aws.sqs, "sqs.ReceiveMessage", lambda: chain.invoke(chain.worker, batch))
    with pytest.raises(NoSuchWish, match="may be on its way"):
        erase(chain.stores, wish_id, PATIENCE)
    projecting(chain)
    assert erase(chain.stores, wish_id, PATIENCE).commits_scrubbed == 1
