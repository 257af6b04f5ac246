"""The contracts of what stands on DynamoDB, kept on the local engine."""

import uuid
from collections.abc import Iterator

import boto3
import pytest

from infra.aws import client
from infra.event_store import EventStore
from tests.support import template
from tests.support.contracts import TestEventStore, TestLock, TestReadModel, TestSeats, TestSlices  # noqa: F401
from tests.support.event_store_contract import FIRST
from tests.support.faulty_aws import Call, faulty_aws
from tests.support.laptop import Stack
from tests.support.tables import NAMES, Tables


@pytest.fixture
def tables(stack: Stack) -> Iterator[Tables]:
    tables = Tables(stack.aws("dynamodb"), {name: f"contract-{name}-{uuid.uuid4()}" for name in NAMES})
    for logical_id, name in tables.names.items():
        tables.client.create_table(TableName=name, **template.table(logical_id))
    yield tables
    for name in tables.names.values():
        tables.client.delete_table(TableName=name)


def test_throttling_is_tried_again(stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def slow_down_twice(call: Call) -> tuple[int, bytes]:
        calls.append(call.operation)
        return call.forward() if len(calls) > 2 else (400, b'{"__type": "ThrottlingException", "message": "slow down"}')

    with faulty_aws(stack.engine, slow_down_twice) as endpoint:
        stack.as_aws(monkeypatch)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it may have credentials of an earlier test
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert EventStore(client("dynamodb"), tables.names["EventStore"]).append(FIRST)
    assert calls == ["PutItem"] * 3
    assert tables.events.read(FIRST.stream) == [FIRST]
