from typing import Any

import boto3
import pytest

from domain.commit import events_of
from domain.errors import StoreUnavailable
from domain.events import UnknownEvent
from infra.event_store import EventStore
from tests.support import faults
from tests.support.aws import Aws
from tests.support.event_store_contract import FIRST, EventStoreContract
from tests.support.memory_event_store import MemoryEventStore


@pytest.fixture
def store(aws: Aws) -> EventStore:
    return EventStore(boto3.client("dynamodb"), aws.table)


class TestInMemory(EventStoreContract):
    @pytest.fixture
    def store(self) -> MemoryEventStore:
        return MemoryEventStore()


class TestOnMoto(EventStoreContract):
    """With the table of template.yaml."""


def test_an_unreachable_store_is_transient(store: EventStore) -> None:
    faults.throttled(store._client, "dynamodb.Query")
    with pytest.raises(StoreUnavailable, match="ProvisionedThroughputExceededException"):
        store.read(FIRST.stream)


def test_an_event_of_a_newer_version_is_read_as_unknown(store: EventStore, aws: Aws) -> None:
    store.append(FIRST)
    [item] = aws.stored()
    item["events"]["L"].append({"M": {"type": {"S": "lastwish.wish.teleported.v9"}, **_some(item)}})
    aws.dynamodb.put_item(TableName=aws.table, Item=item)
    assert events_of(store.read(FIRST.stream))[-1] == UnknownEvent(type_name="lastwish.wish.teleported.v9")


def _some(item: dict[str, Any]) -> dict[str, Any]:
    return {"time": item["time"], "data": {"M": {"where": {"S": "home"}}}}
