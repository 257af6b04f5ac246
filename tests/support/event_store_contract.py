"""Tests that every event store passes: the one in memory, and the one on each engine and fake of DynamoDB."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.commit import Commit, Recorded, stream_of
from domain.errors import UnstorableCommit, VersionConflict
from domain.events import WishAccepted, WishBoarded
from tests.support.samples import NOON, WISH_ID, submitted

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


def large(kilobytes: int) -> tuple[Recorded, ...]:
    """Return events of about this many kilobytes in total."""
    return (Recorded(submitted("m" * 2400), NOON),) * (kilobytes * 1000 // 2560)


class EventStoreContract:
    """Subclasses define the fixture ``store``, an empty event store."""

    def test_an_appended_commit_is_read_back(self, store: Any) -> None:
        second = replace(FIRST, version=2, commit_id="commit-2", trace_id=None)
        assert store.append(FIRST)
        assert store.append(second)
        assert store.read(FIRST.stream) == [FIRST, second]

    def test_an_unknown_stream_is_empty(self, store: Any) -> None:
        assert store.read("wish#nobody") == []

    def test_the_same_commit_again_is_success(self, store: Any) -> None:
        store.append(FIRST)
        assert store.append(FIRST) is False
        assert store.read(FIRST.stream) == [FIRST]

    def test_another_commit_at_the_same_version_is_a_conflict_that_names_both(self, store: Any) -> None:
        store.append(FIRST)
        with pytest.raises(VersionConflict) as raised:
            store.append(replace(FIRST, commit_id="commit-2"))
        assert str(raised.value) == f"{FIRST.stream} is at version 1 at least, not at 0"
        assert store.read(FIRST.stream) == [FIRST]

    def test_a_stream_longer_than_a_page_is_read_whole(self, store: Any) -> None:
        # Six commits of some 300 KB: DynamoDB pages at 1 MB.
        commits = [replace(FIRST, version=n, commit_id=f"commit-{n}", events=large(300)) for n in range(1, 7)]
        for commit in commits:
            store.append(commit)
        assert store.read(FIRST.stream) == commits

    def test_a_commit_larger_than_an_item_may_be_is_never_stored(self, store: Any) -> None:
        with pytest.raises(UnstorableCommit):
            store.append(replace(FIRST, events=large(500)))
        assert store.read(FIRST.stream) == []

    def test_stored_returns_the_streams_that_exist(self, store: Any) -> None:
        store.append(FIRST)
        assert store.stored([FIRST.stream, "wish#nobody"]) == {FIRST.stream}

    def test_scrubbing_removes_the_text_and_nothing_else(self, store: Any) -> None:
        store.append(FIRST)
        for _ in range(2):
            store.scrub(FIRST)
        [commit] = store.read(FIRST.stream)
        assert commit.events[0].event == submitted("世界 &amp;").model_copy(update={"message": None})
        assert replace(commit, events=commit.events[1:]) == replace(FIRST, events=FIRST.events[1:])
