"""Erasure of a stored wish: the fact is appended, then the text is taken out of every commit."""

import uuid
from datetime import UTC, datetime

from domain.commit import Commit, stream_of
from domain.events import WishSubmitted
from domain.wish import EraseWish
from infra.aggregate import Cause, execute
from infra.event_store import EventStore


def erase(store: EventStore, wish_id: str) -> int | None:
    """Forget who said what in one wish; how many commits had text, None where it is not stored.

    Repeatable: what an earlier try left is taken out by the next. Raises VersionConflict, StoreUnavailable.
    """
    commits = store.read(stream_of(wish_id))
    if not commits:
        return None
    commit_id = str(uuid.uuid5(uuid.UUID(wish_id), "erase"))
    execute(store, wish_id, EraseWish(), Cause(commit_id, commits[0].correlation_id, datetime.now(UTC)))
    with_text = [commit for commit in store.read(stream_of(wish_id)) if has_text(commit)]
    for commit in with_text:
        store.scrub(commit)
    return len(with_text)


def has_text(commit: Commit) -> bool:
    """Whether anything that a person typed stands in a commit."""
    submissions = [done.event for done in commit.events if isinstance(done.event, WishSubmitted)]
    return any(each.message is not None or each.name is not None for each in submissions)
