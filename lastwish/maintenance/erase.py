"""Erasure: name and message of one wish are taken out of every place where this stack keeps them.

What it cannot reach: point-in-time backups of the tables keep the text for up to 35 days, the table's own stream for 24
hours; both end by themselves. A message that is still in Inbox or Pods is the same wish sent again: it changes nothing
when it arrives, and is deleted then.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from domain.commit import Commit, events_of, stream_of
from domain.projection import home_of, shelf
from domain.wish import fold
from infra.erasure import erase as scrub
from infra.erasure import has_text
from lastwish.aws.clients import plain_errors
from lastwish.errors import NoSuchWish, NotYet
from lastwish.maintenance import dead_letters
from lastwish.maintenance.generations import highest
from lastwish.maintenance.stores import Stores

_PAUSE = 0.3


@dataclass(frozen=True)
class Erased:
    """How much was changed and removed. ``ok`` after everything was read again and no text was left."""

    wish_id: str
    commits_scrubbed: int
    dead_letters_removed: int
    ok: bool = True

    def facts(self) -> dict[str, object]:
        """As a JSON object."""
        return asdict(self)


def erase(stores: Stores, wish_id: str, patience: float, note: Callable[[str], None] = lambda _: None) -> Erased:
    """Erase one wish; ``patience`` is how many seconds the projection may take. Repeatable.

    A dead letter about it is deleted: nobody wants an erased wish delivered. If the wish was never stored, one letter
    that says no more than its id takes their place, so that the audit still knows where it went. Raises NoSuchWish,
    NotYet when text was left after all, AwsError.
    """
    with plain_errors():
        scrubbed = scrub(stores.events, wish_id) or 0
        commits = stores.events.read(stream_of(wish_id))
        removed = _remove_dead_letters(stores, wish_id, is_stored=bool(commits))
        if not commits and removed is None:
            raise NoSuchWish(f"wish {wish_id} is neither stored nor dead-lettered (it may be on its way)", ok=False)
        note("waiting for the read model")
        deadline = time.monotonic() + patience
        while left := _left(stores, wish_id, commits):
            if time.monotonic() > deadline:
                raise NotYet(f"text of wish {wish_id} is left in {', '.join(left)}: run it again", ok=False, left=left)
            time.sleep(_PAUSE)
    return Erased(wish_id, scrubbed, removed or 0)


def _remove_dead_letters(stores: Stores, wish_id: str, *, is_stored: bool) -> int | None:
    """Delete the letters about a wish; how many had text, None where there is no letter about it at all."""
    with dead_letters.held(stores) as letters:
        about = [letter for letter in letters if wish_id in letter.wish_ids]
        with_text = [letter for letter in about if letter.body != dead_letters.tombstone(wish_id)]
        if with_text and not is_stored and len(about) == len(with_text):
            dead_letters.bury(stores, wish_id)  # first: killed in between, it is there twice rather than not at all
        for letter in with_text:
            dead_letters.remove(stores, letter)
    return len(with_text) if about else None


def _left(stores: Stores, wish_id: str, commits: list[Commit]) -> list[str]:
    """Where there is still text, read anew."""
    left = [f"commit {each.version}" for each in stores.events.read(stream_of(wish_id)) if has_text(each)]
    left += [f"generation {generation}" for generation in _generations_with_text(stores, wish_id, commits)]
    if not left:  # the slowest to ask, so only once
        with dead_letters.held(stores) as letters:
            about = [letter for letter in letters if wish_id in letter.wish_ids]
            left += [letter.queue for letter in about if letter.body != dead_letters.tombstone(wish_id)]
    return left


def _generations_with_text(stores: Stores, wish_id: str, commits: list[Commit]) -> list[int]:
    """Generations with text in a row of this wish. What is left of one that nobody writes any more is deleted."""
    wish, home = fold(events_of(commits)), home_of(wish_id, commits)
    if wish is None or home is None:
        return []
    places = [f"{place}/{wish_id}" for place in {home, shelf(wish, wish_id)}]
    live = stores.read_model.generations().live
    found = []
    last = highest(stores.dynamodb, stores.table("ReadModel"))
    for generation in range(1, max(last, *live) + 1):
        rows = stores.read_model.rows(generation, places, consistent=True).values()
        if generation in live and (not rows or any(_has_text_row(row) for row in rows)):
            found.append(generation)
        elif generation not in live:
            _delete(stores, rows)
    return found


def _has_text_row(row: dict[str, Any]) -> bool:
    return "message" in row or "name" in row


def _delete(stores: Stores, rows: Any) -> None:
    for row in rows:
        key = {"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}}
        stores.dynamodb.delete_item(TableName=stores.table("ReadModel"), Key=key)
