from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from domain.commit import Recorded
from domain.events import WishAccepted, WishErased
from domain.seats import Seat
from domain.wish import EraseWish, RecordWish
from infra.aggregate import Cause, execute
from infra.event_store import EventStore
from tests.support.aws import Aws
from tests.support.event_store_contract import BOARDED, FIRST
from tests.support.samples import NOON, WISH_ID, submitted

RECORD = RecordWish(submitted(), WishAccepted(), Seat("mars", 1))
CAUSE = Cause(commit_id="ours", correlation_id="request-1", now=NOON)


@pytest.fixture
def store(aws: Aws) -> EventStore:
    return EventStore(boto3.client("dynamodb"), aws.table)


def test_a_wish_that_another_writer_stored_first_decides_nothing(store: EventStore) -> None:
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


def test_a_slow_clock_makes_no_commit_older_than_the_one_before_it(store: EventStore) -> None:
    execute(store, WISH_ID, RECORD, CAUSE, is_new=True)
    late = replace(CAUSE, commit_id="erase", now=NOON - timedelta(minutes=3))
    appended = execute(store, WISH_ID, EraseWish(), late)
    assert appended is not None
    assert [appended.time, *(each.time for each in appended.events)] == [NOON, NOON]


def test_our_own_commit_is_ours_although_it_lost_its_text_before_its_answer_came(aws: Aws, store: EventStore) -> None:
    other = EventStore(boto3.client("dynamodb"), aws.table)

    def erased_meanwhile(attempts: int, **_: Any) -> int | None:
        if attempts > 1:
            return None
        execute(other, WISH_ID, EraseWish(), replace(CAUSE, commit_id="erase"))
        for commit in other.read(FIRST.stream):
            other.scrub(commit)
        return 0  # seconds, and botocore tries again

    store._client.meta.events.register("needs-retry.dynamodb.PutItem", erased_meanwhile)
    assert execute(store, WISH_ID, RECORD, CAUSE, is_new=True) is not None
