import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from lastwish.aws import access_log
from tests.support.aws import Aws

ACCESS = {"method": "POST", "path": "/wishes"}


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


def test_what_was_answered_202_or_303_was_promised(logs: Any) -> None:
    statuses = {"r1": "202", "r2": "303", "r3": "422", "r4": "503", "r5": "429"}
    write(logs, "access", *({**ACCESS, "requestId": request, "status": of} for request, of in statuses.items()))
    write(logs, "access", {"method": "GET", "path": "/wishes/1", "requestId": "r6", "status": "202"})
    # The frontend says so before it answers: what it said of a request that was answered 503 is no promise.
    write(logs, "frontend", "START RequestId: 1", *(submitted(f"r{n}", f"wish-{n}") for n in range(1, 7)))
    assert access_log.promised(logs, "access", "frontend") == ["wish-1", "wish-2"]


def test_promises_since_a_moment_are_known_by_what_the_frontend_said_just_before(logs: Any) -> None:
    now = datetime.now(UTC)
    write(logs, "access", {**ACCESS, "requestId": "r1", "status": "202"}, at=now - timedelta(minutes=5))
    write(logs, "frontend", submitted("r1", "wish-1"), submitted("r2", "wish-2"), at=now - timedelta(seconds=30))
    write(logs, "access", {**ACCESS, "requestId": "r2", "status": "202"}, at=now)
    assert access_log.promised(logs, "access", "frontend", now - timedelta(seconds=10)) == ["wish-2"]


def test_a_promise_that_the_frontend_does_not_know_of_is_named_by_its_request(logs: Any) -> None:
    write(logs, "access", {**ACCESS, "requestId": "r1", "status": "202"})
    assert access_log.promised(logs, "access", "frontend") == ["request r1"]
