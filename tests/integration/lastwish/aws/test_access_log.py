import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from lastwish.aws import access_log
from lastwish.promises import Promises
from tests.support.aws import Aws

ACCESS = {"method": "POST", "path": "/wishes"}
HOUR = timedelta(hours=1)


@pytest.fixture
def logs(aws: Aws) -> Any:
    client = boto3.client("logs")
    for group in ("access", "frontend"):
        client.create_log_group(logGroupName=group)
        client.create_log_stream(logGroupName=group, logStreamName="one")
    return client


def write(logs: Any, group: str, *lines: Any, at: datetime | None = None) -> None:
    now = int((at or datetime.now(UTC)).timestamp() * 1000)
    events = [{"timestamp": now, "message": line if isinstance(line, str) else json.dumps(line)} for line in lines]
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


def submitted(request: str, wish_id: str) -> dict[str, str]:
    return {"message": "wish submitted", "correlation_id": request, "wish_id": wish_id}


def answered(request: str, status: str = "202", **changes: str) -> dict[str, str]:
    return {**ACCESS, "extendedRequestId": request, "status": status, **changes}


def promises(logs: Any, since: timedelta = HOUR) -> Promises:
    return access_log.promises(logs, "access", "frontend", datetime.now(UTC) - since)


def test_what_was_answered_202_or_303_was_promised(logs: Any) -> None:
    statuses = {"r1": "202", "r2": "303", "r3": "422", "r4": "503", "r5": "429"}
    write(logs, "access", *(answered(request, status) for request, status in statuses.items()))
    write(logs, "access", answered("r6", method="GET", path="/wishes/{wish_id}"), answered("r7", path="/ops/other"))
    # The frontend says so before it answers: what it said of a request that was answered 503 is no promise.
    write(logs, "frontend", "START RequestId: 1", *(submitted(f"r{n}", f"wish-{n}") for n in range(1, 8)))
    assert promises(logs).wish_ids == ["wish-1", "wish-2"]


def test_what_failed_on_our_side_has_an_unknown_end(logs: Any) -> None:
    write(logs, "access", answered("r1", "503"), answered("r2", "504"), answered("r3", "429"))
    write(logs, "access", answered("r4", "502", path="/ops/wall/panic"))
    assert promises(logs).unknown_ends == 2


def test_promises_since_a_moment_are_known_by_what_the_frontend_said_just_before(logs: Any) -> None:
    now = datetime.now(UTC)
    write(logs, "access", answered("r1"), at=now - timedelta(minutes=5))
    write(logs, "frontend", submitted("r1", "wish-1"), submitted("r2", "wish-2"), at=now - timedelta(seconds=30))
    write(logs, "access", answered("r2"), at=now)
    assert promises(logs, timedelta(seconds=10)).wish_ids == ["wish-2"]


def test_a_promise_that_the_frontend_does_not_know_of_is_named_by_its_request(logs: Any) -> None:
    write(logs, "access", answered("r1"))
    assert promises(logs).wish_ids == ["request r1"]


def test_two_answers_under_one_id_are_two_promises(logs: Any) -> None:
    write(logs, "access", answered("r1"), answered("r1"))
    write(logs, "frontend", submitted("r1", "wish-1"))
    assert promises(logs).wish_ids == ["wish-1", "request r1"]


def test_the_id_that_a_client_chose_joins_nothing(logs: Any) -> None:
    chosen = {"requestId": "the same"}
    write(logs, "access", answered("r1", **chosen), answered("r2", **chosen))
    write(logs, "frontend", submitted("r1", "wish-1"), submitted("r2", "wish-2"))
    assert sorted(promises(logs).wish_ids) == ["wish-1", "wish-2"]


def test_the_newest_lines_may_be_on_their_way(logs: Any) -> None:
    now = datetime.now(UTC)
    found = promises(logs)
    assert found.cover(now - timedelta(minutes=30))
    assert not found.cover(now)
    assert not found.cover(now - timedelta(minutes=61))
    assert not found.cover(None)


def test_a_stack_is_asked_for_as_long_as_its_logs_are_kept(logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "physical_ids", lambda *_: {"AccessLogs": "access", "FrontendLogs": "frontend"})
    parameters = [{"ParameterKey": "LogRetentionDays", "ParameterValue": "30"}]
    cloudformation = SimpleNamespace(describe_stacks=lambda StackName: {"Stacks": [{"Parameters": parameters}]})  # noqa: N803
    clients = {"cloudformation": cloudformation, "logs": logs}
    monkeypatch.setattr(access_log, "aws_client", clients.__getitem__)
    found = access_log.source("prod")()
    assert found.cover(datetime.now(UTC) - timedelta(days=29))
    assert not found.cover(datetime.now(UTC) - timedelta(days=31))
