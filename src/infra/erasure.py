"""Erase a stored wish: append the fact, then remove the text from every commit."""

import uuid
from datetime import UTC, datetime

from domain.commit import Commit, stream_of
from domain.events import WishSubmitted
from domain.wish import EraseWish
from infra.aggregate import Cause, execute
from infra.event_store import EventStore


def erase(store: EventStore, wish_id: str) -> int | None:
    """Erase one wish. Return how many commits had text, None where the wish is not stored.

    Repeatable: the next try removes what an earlier one left. Raises VersionConflict, StoreUnavailable.
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
    """Return true where a commit holds what a person typed."""
    submissions = [done.event for done in commit.events if isinstance(done.event, WishSubmitted)]
    return any(wish.message is not None or wish.name is not None for wish in submissions)
