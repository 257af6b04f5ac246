"""Erase one wish: take name and message out of every place where this stack keeps them.

A stored wish gets the fact first, then its commits lose their text. One that is only a dead letter is stored as erased.
A message that is still in Inbox or Pods, or that SQS delivers late, then changes nothing: the worker finds the wish
stored, and the message is deleted. If it fails five times before, it is a dead letter with text: erase it again.

Two places are out of reach, and both end by themselves: point-in-time backups of EventStore keep the text for up to 35
days (ReadModel has none), its stream for 24 hours.
"""

import time
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.commit import Commit, events_of, stream_of
from domain.errors import TransientError
from domain.events import WishSubmitted
from domain.projection import home_of, shelf
from domain.wish import EraseWish, fold
from infra.aggregate import Cause, execute
from infra.dead_letters import DeadLetters, is_about, submission
from infra.event_store import EventStore
from infra.read_model import ReadModel

_PAUSE = 0.3


class TextLeft(TransientError):  # noqa: N818
    """Text of a wish is, or may be, in the places ``left`` still: erase it again."""

    def __init__(self, wish_id: str, left: Sequence[str]) -> None:
        super().__init__(f"text of wish {wish_id} may be left in {', '.join(left)}")
        self.left = left


@dataclass(frozen=True, slots=True)
class Places:
    """Places that keep what a person typed."""

    events: EventStore
    read_model: ReadModel
    dead_letters: Sequence[DeadLetters]


def erase(places: Places, wish_id: str, patience: float) -> Counter[str] | None:
    """Erase one wish; the projector may take ``patience`` seconds. Repeatable.

    Return, once every place was read again and has no text, how many ``commits`` lost theirs and ``letters`` were
    removed; None where the wish is neither stored nor a dead letter. Raises TextLeft, VersionConflict,
    StoreUnavailable, QueueUnavailable, and before any change UnreadableCommit.
    """
    done, until = Counter[str](), time.monotonic() + patience
    while left := _erase_once(places, wish_id, done, until):
        if time.monotonic() > until:
            raise TextLeft(wish_id, left)
        time.sleep(_PAUSE)
    return done if "commits" in done else None


def _erase_once(places: Places, wish_id: str, done: Counter[str], until: float) -> list[str]:
    """Erase what is there, and add it to ``done``. Return the places that had text or were not read to their end."""
    commits = places.events.read(stream_of(wish_id))
    if commits:
        done["commits"] += _scrub(places.events, wish_id, commits[0].correlation_id)
        # Dead letters are the slowest to read: only once the projector is done.
        if left := _generations_with_text(places.read_model, wish_id, commits):
            return left
    with ExitStack() as stack:
        read = [(queue, *stack.enter_context(queue.held(until))) for queue in places.dead_letters]
        about = [(queue, each) for queue, letters, _ in read for each in letters if is_about(each["Body"], wish_id)]
        submitted = next(filter(None, (submission(letter["Body"]) for _, letter in about)), None)
        if submitted and not commits:
            done["commits"] += _scrub(places.events, wish_id, wish_id, submitted)
        # A letter that nobody can read is all that is left of a wish which is not stored.
        for queue, letter in about if commits or submitted else []:
            queue.remove(letter)
            done["letters"] += 1
    return [queue.name for queue, _, is_all in read if not is_all or queue in dict(about)]


def _scrub(store: EventStore, wish_id: str, correlation_id: str, submitted: WishSubmitted | None = None) -> int:
    """Append the fact, then remove the text from every commit. Return how many had text."""
    commit_id = str(uuid.uuid5(uuid.UUID(wish_id), "erase"))
    execute(store, wish_id, EraseWish(submitted), Cause(commit_id, correlation_id, datetime.now(UTC)))
    with_text = [commit for commit in store.read(stream_of(wish_id)) if has_text(commit)]
    for commit in with_text:
        store.scrub(commit)
    return len(with_text)


def has_text(commit: Commit) -> bool:
    """Return true where a commit holds what a person typed."""
    submissions = [done.event for done in commit.events if isinstance(done.event, WishSubmitted)]
    return any(wish.message is not None or wish.name is not None for wish in submissions)


def _generations_with_text(model: ReadModel, wish_id: str, commits: Sequence[Commit]) -> list[str]:
    """Name live generations whose row of this wish has text, or is missing. Delete its rows in all others."""
    wish, home = fold(events_of(commits)), home_of(wish_id, commits)
    places = [f"{place}/{wish_id}" for place in {home, shelf(wish, wish_id)}] if wish and home else []
    there, with_text = model.generations(), []
    for generation in range(1, max(there.last, *there.live) + 1):
        rows = model.rows(generation, places, consistent=True)
        if generation not in there.live:
            model.drop_rows(generation, rows)
        elif len(rows) < len(places) or any("message" in row or "name" in row for row in rows.values()):
            with_text.append(f"generation {generation}")
    return with_text
