from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ParamValidationError

from domain.commit import events_of
from domain.errors import StoreUnavailable, UnreadableCommit
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


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ({"correlation_id": {"NULL": True}, "events": {"S": "what somebody typed"}}, "TypeError"),
        ({"time": {"S": "what somebody typed"}}, "ValueError"),
        ({"events": {"L": [{"M": {"type": {"S": "lastwish.wish.held.v1"}}}]}}, "KeyError"),
    ],
)
def test_a_commit_that_cannot_be_read_is_named_without_what_is_in_it(
    store: EventStore, aws: Aws, damage: dict[str, Any], reason: str
) -> None:
    store.append(FIRST)
    aws.dynamodb.put_item(TableName=aws.table, Item=aws.stored()[0] | damage)
    with pytest.raises(UnreadableCommit) as raised:
        store.read(FIRST.stream)
    assert str(raised.value) == f"version 1 of {FIRST.stream}: {reason}"


def test_an_event_that_cannot_be_read_is_named_by_its_fields(store: EventStore, aws: Aws) -> None:
    store.append(FIRST)
    [item] = aws.stored()
    item["events"]["L"][0]["M"]["data"]["M"]["message"] = {"S": "<what somebody typed>"}
    aws.dynamodb.put_item(TableName=aws.table, Item=item)
    with pytest.raises(UnreadableCommit, match=r"submitted\.v1: message: String should match pattern") as raised:
        store.read(FIRST.stream)
    assert "typed" not in str(raised.value)


def _some(item: dict[str, Any]) -> dict[str, Any]:
    return {"time": item["time"], "data": {"M": {"where": {"S": "home"}}}}


def test_botocore_checks_in_tests_what_functions_send(worker: ModuleType) -> None:
    with pytest.raises(ParamValidationError):
        worker.dynamodb.put_item(TableName="EventStore", Item={"stream": "a text without its type"})
