from dataclasses import replace
from datetime import date
from typing import Any

import boto3
import pytest

from domain.commit import Commit, Recorded, stream_of
from domain.errors import StoreUnavailable, VersionConflict
from domain.events import UnknownEvent, WishAccepted, WishBoarded, WishErased
from domain.seats import Seat
from domain.wish import EraseWish, RecordWish
from infra.aggregate import Cause, execute
from infra.event_store import EventStore, events_of
from tests.integration import faults
from tests.integration.conftest import Aws
from tests.samples import NOON, WISH_ID, submitted

BOARDED = WishBoarded(seat=1, pod=1, arrives_on=date(2045, 10, 1))
FIRST = Commit(
    stream=stream_of(WISH_ID),
    version=1,
    commit_id="commit-1",
    time=NOON,
    correlation_id="request-1",
    trace_id="1-5759e988-bd862e3fe1be46a994272793",
    events=(Recorded(submitted("世界 &amp;"), NOON), Recorded(WishAccepted(), NOON), Recorded(BOARDED, NOON)),
)


RECORD = RecordWish(submitted(), WishAccepted(), Seat("mars", 1))
CAUSE = Cause(commit_id="ours", correlation_id="request-1", now=NOON)


@pytest.fixture
def store(aws: Aws) -> EventStore:
    return EventStore(boto3.client("dynamodb"), aws.table)


def test_what_was_appended_is_read_back(store: EventStore) -> None:
    second = replace(FIRST, version=2, commit_id="commit-2", trace_id=None)
    assert store.append(FIRST)
    assert store.append(second)
    assert store.read(FIRST.stream) == [FIRST, second]


def test_an_unknown_stream_is_empty(store: EventStore) -> None:
    assert store.read("wish#nobody") == []


def test_the_same_commit_again_is_success(store: EventStore) -> None:
    store.append(FIRST)
    assert store.append(FIRST) is False
    assert store.read(FIRST.stream) == [FIRST]


def test_another_commit_at_the_same_version_is_a_conflict(store: EventStore) -> None:
    store.append(FIRST)
    with pytest.raises(VersionConflict) as raised:
        store.append(replace(FIRST, commit_id="commit-2"))
    assert (raised.value.stream, raised.value.version) == (FIRST.stream, 1)
    assert store.read(FIRST.stream) == [FIRST]


def test_a_stream_longer_than_a_page_is_read_whole(store: EventStore) -> None:
    # Six commits of some 300 KB: DynamoDB pages at 1 MB.
    many = (Recorded(submitted("m" * 2500), NOON),) * 110
    commits = [replace(FIRST, version=n, commit_id=f"commit-{n}", events=many) for n in range(1, 7)]
    for commit in commits:
        store.append(commit)
    assert store.read(FIRST.stream) == commits


def test_an_unreachable_store_is_transient(store: EventStore) -> None:
    faults.throttled(store._client, "dynamodb.Query")
    with pytest.raises(StoreUnavailable, match="ProvisionedThroughputExceededException"):
        store.read(FIRST.stream)


def test_a_wish_that_somebody_else_stored_first_decides_nothing(store: EventStore) -> None:
    store.append(replace(FIRST, commit_id="another writer"))
    assert execute(store, WISH_ID, RECORD, CAUSE, is_new=True) is None
    assert len(store.read(FIRST.stream)) == 1


def test_a_lost_race_is_decided_again_at_the_next_version(store: EventStore) -> None:
    # Another writer's commit that folds to nothing: the wish still has to be decided.
    store.append(replace(FIRST, commit_id="another writer", events=(Recorded(BOARDED, NOON),)))
    appended = execute(store, WISH_ID, RECORD, CAUSE, is_new=True)
    assert appended is not None
    assert appended.version == 2
    assert store.read(FIRST.stream)[1] == appended


def test_a_command_on_a_stored_wish_appends_to_its_stream(store: EventStore) -> None:
    execute(store, WISH_ID, RECORD, CAUSE, is_new=True)
    appended = execute(store, WISH_ID, EraseWish(), replace(CAUSE, commit_id="erase"))
    assert appended is not None
    assert (appended.version, [type(each.event) for each in appended.events]) == (2, [WishErased])


def test_stored_tells_which_streams_exist(store: EventStore) -> None:
    store.append(FIRST)
    assert store.stored([FIRST.stream, "wish#nobody"]) == {FIRST.stream}


def test_scrubbing_removes_the_text_and_nothing_else(store: EventStore) -> None:
    store.append(FIRST)
    for _ in range(2):
        store.scrub(FIRST)
    [commit] = store.read(FIRST.stream)
    assert commit.events[0].event == submitted("世界 &amp;").model_copy(update={"message": None})
    assert replace(commit, events=commit.events[1:]) == replace(FIRST, events=FIRST.events[1:])


def test_what_a_newer_version_stored_is_read_without_harm(store: EventStore, aws: Aws) -> None:
    store.append(FIRST)
    [item] = aws.stored()
    item["events"]["L"].append({"M": {"type": {"S": "lastwish.wish.teleported.v9"}, **_some(item)}})
    aws.dynamodb.put_item(TableName=aws.table, Item=item)
    assert events_of(store.read(FIRST.stream))[-1] == UnknownEvent(type_name="lastwish.wish.teleported.v9")


def _some(item: dict[str, Any]) -> dict[str, Any]:
    return {"time": item["time"], "data": {"M": {"where": {"S": "home"}}}}
