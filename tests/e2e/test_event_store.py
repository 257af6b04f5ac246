"""The contract of the event store, kept by the real one on the local engine."""

import uuid
from collections.abc import Iterator

import pytest

from infra.aws import dynamodb_client
from infra.event_store import EventStore
from tests.support import template
from tests.support.event_store_contract import FIRST, EventStoreContract
from tests.support.faulty_aws import Call, faulty_aws
from tests.support.laptop import Stack


@pytest.fixture
def store(stack: Stack) -> Iterator[EventStore]:
    client, name = stack.aws("dynamodb"), f"contract-{uuid.uuid4()}"
    client.create_table(TableName=name, **template.table("EventStore"))
    yield EventStore(client, name)
    client.delete_table(TableName=name)


class TestOnTheEngine(EventStoreContract):
    """All of it."""


def test_throttling_is_tried_again(stack: Stack, store: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def slow_down_twice(call: Call) -> tuple[int, bytes]:
        calls.append(call.operation)
        return call.forward() if len(calls) > 2 else (400, b'{"__type": "ThrottlingException", "message": "slow down"}')

    with faulty_aws(stack.engine, slow_down_twice) as endpoint:
        stack.as_aws(monkeypatch)
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert EventStore(dynamodb_client(), store._table).append(FIRST)
    assert calls == ["PutItem"] * 3
    assert store.read(FIRST.stream) == [FIRST]
