from dataclasses import replace

import boto3
import pytest

from domain.commit import Commit, Recorded, stream_of
from domain.envelope import Envelope
from domain.errors import MalformedMessage, StoreUnavailable, VersionConflict
from domain.events import WishAccepted, WishBoarded
from infra.event_store import EventStore, events_of
from tests.integration import faults
from tests.integration.conftest import Aws
from tests.samples import NOON, WISH_ID, story, submitted
from worker.recording import record_wish

FIRST = Commit(
    stream=stream_of(WISH_ID),
    version=1,
    commit_id="commit-1",
    time=NOON,
    correlation_id="request-1",
    trace_id="1-5759e988-bd862e3fe1be46a994272793",
    events=(Recorded(submitted("世界 &amp;"), NOON), Recorded(WishAccepted(), NOON), Recorded(WishBoarded(), NOON)),
)


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
    assert record_wish(store, story(), now=NOON, trace_id=None) is False
    assert len(store.read(FIRST.stream)) == 1


def test_a_lost_race_is_decided_again_at_the_next_version(store: EventStore) -> None:
    # Another writer's commit that folds to nothing: the wish still has to be decided, at the next version.
    store.append(replace(FIRST, commit_id="another writer", events=(Recorded(WishBoarded(), NOON),)))
    assert record_wish(store, story(), now=NOON, trace_id=None) is True
    assert [type(event) for event in events_of(store.read(FIRST.stream))][1:] == [
        type(recorded.event) for recorded in FIRST.events
    ]


def test_a_story_without_a_verdict_is_malformed(store: EventStore) -> None:
    lone: list[Envelope] = story()[:1]
    with pytest.raises(MalformedMessage, match="a submission and a verdict"):
        record_wish(store, lone, now=NOON, trace_id=None)
