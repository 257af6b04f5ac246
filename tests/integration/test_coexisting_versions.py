"""While a deployment lasts, functions of two versions work side by side (docs/deployments.md).

`tests/golden/formats` has what this code put into Inbox, Pods and EventStore, with one file for each day on which
that changed: the same wish, written by the code of that day. Never change one.
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from domain.commit import Commit, Recorded, stream_of
from domain.envelope import Envelope, write_story
from domain.events import Event, WishAccepted, WishBoarded, WishShown, WishSubmitted
from domain.identity import payload_digest
from infra.event_store import EventStore, commit_of
from tests.support import ROOT
from tests.support.aws import Aws
from tests.support.functions import Invoke
from tests.support.projected import Projected
from tests.support.samples import NOON, WISH_ID, sample

FORMATS = sorted((ROOT / "tests" / "golden" / "formats").glob("*.json"))
TYPED = "Look after my dog &amp; the whales &lt;3"
SUBMITTED = WishSubmitted(destination="mars", name="Ana", message=TYPED, digest=payload_digest("mars", "Ana", TYPED))
TRACE_ID = "1-6b0a49f0-b6937e49dde546653b4f9e02"


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def records(function: str, body: str) -> dict[str, Any]:
    record = sample(f"{function}-good-wish")["Records"][0]
    return {"Records": [{**record, "body": body}]}


every_format = pytest.mark.parametrize("path", FORMATS, ids=lambda path: path.stem)


@every_format
def test_a_message_of_an_earlier_frontend_passes_the_parser(
    path: Path, aws: Aws, parser: ModuleType, invoke: Invoke
) -> None:
    assert invoke(parser, records("parser", written(path)["inbox"])) == {"batchItemFailures": []}
    [message] = aws.messages("Pods")
    assert [each["type"] for each in json.loads(message["Body"])] == [SUBMITTED.type, WishAccepted.type]


@every_format
def test_a_message_of_an_earlier_parser_becomes_a_commit(
    path: Path, aws: Aws, worker: ModuleType, invoke: Invoke
) -> None:
    assert invoke(worker, records("worker", written(path)["pods"])) == {"batchItemFailures": []}
    [item] = aws.stored()
    assert commit_of(item).events[0].event == SUBMITTED


@every_format
def test_a_commit_of_an_earlier_worker_is_projected(path: Path, aws: Aws, projected: Projected) -> None:
    commit = written(path)["commit"]
    aws.dynamodb.put_item(TableName="EventStore", Item=commit)
    projected.apply([commit])
    assert projected.totals() == {"mars_boarded": 1}
    assert projected.is_exact()


@every_format
def test_a_wish_that_both_versions_of_a_worker_get_is_stored_once(
    path: Path, aws: Aws, worker: ModuleType, invoke: Invoke
) -> None:
    aws.dynamodb.put_item(TableName="EventStore", Item=written(path)["commit"])
    assert invoke(worker, records("worker", written(path)["pods"])) == {"batchItemFailures": []}
    assert aws.stored() == [written(path)["commit"]]


def test_a_version_that_writes_another_format_adds_a_golden_file(aws: Aws) -> None:
    """Deploy first what reads the new format, and only then what writes it."""

    def wrapped(event: Event, source: str) -> Envelope:
        return Envelope.of(event, source=source, wish_id=WISH_ID, time=NOON, correlation_id="request-1")

    boarded = WishBoarded(seat=7, pod=1, arrives_on=date(2045, 10, 1))
    submitted, accepted = wrapped(SUBMITTED, "frontend"), wrapped(WishAccepted(), "parser")
    commit = Commit(
        stream=stream_of(WISH_ID),
        version=1,
        commit_id=submitted.id,
        time=NOON,
        correlation_id="request-1",
        trace_id=TRACE_ID,
        trace_header=f"Root={TRACE_ID};Parent=53995c3f42cd8ad8;Sampled=1",
        events=tuple(
            Recorded(event, NOON) for event in (SUBMITTED, WishAccepted(), boarded, WishShown(by="rules", since=NOON))
        ),
    )
    assert EventStore(aws.dynamodb, "EventStore").append(commit)
    newest = written(FORMATS[-1])
    assert submitted.model_dump_json() == newest["inbox"]
    assert write_story([submitted, accepted]) == newest["pods"]
    assert aws.stored() == [newest["commit"]]


def test_what_a_later_version_adds_to_an_envelope_or_a_commit_is_passed_over(
    aws: Aws, parser: ModuleType, invoke: Invoke
) -> None:
    later = {"since": datetime.now(UTC).isoformat()}
    newest = written(FORMATS[-1])
    message = json.loads(newest["inbox"]) | later
    assert invoke(parser, records("parser", json.dumps(message))) == {"batchItemFailures": []}
    assert len(aws.messages("Pods")) == 1
    assert commit_of(newest["commit"] | {"since": {"S": later["since"]}}) == commit_of(newest["commit"])
