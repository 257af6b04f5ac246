"""Erase one wish: take name and message out of every place where this stack keeps them.

Two places are out of reach, and both end by themselves: point-in-time backups of EventStore keep the text for up to 35
days (ReadModel has none), its stream for 24 hours. A message that is still in Inbox or Pods is the same wish sent
again: it changes nothing when it arrives, and is deleted then.
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
from lastwish.maintenance.stores import Stores

_PAUSE = 0.3


@dataclass(frozen=True)
class Erased:
    """Counts of what was changed and removed. ``ok`` after everything was read again and no text was left."""

    wish_id: str
    commits_scrubbed: int
    dead_letters_removed: int
    ok: bool = True

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return asdict(self)


def erase(stores: Stores, wish_id: str, patience: float, note: Callable[[str], None] = lambda _: None) -> Erased:
    """Erase one wish; the projection may take ``patience`` seconds. Repeatable.

    Dead letters about it are deleted, so that nobody delivers an erased wish. If the wish was never stored, one letter
    with nothing but its id takes their place, so that the audit still finds it. Raises NoSuchWish, NotYet when text is
    left, AwsError.
    """
    with plain_errors():
        scrubbed = scrub(stores.events, wish_id) or 0
        commits = stores.events.read(stream_of(wish_id))
        removed = _remove_dead_letters(stores, wish_id, is_stored=bool(commits))
        if not commits and removed is None:
            raise NoSuchWish(f"wish {wish_id} is neither stored nor dead-lettered (it may be on its way)", ok=False)
        note("waiting for the read model")
        deadline = time.monotonic() + patience
        while left := _places_with_text(stores, wish_id, commits):
            if time.monotonic() > deadline:
                raise NotYet(f"text of wish {wish_id} is left in {', '.join(left)}: run it again", ok=False, left=left)
            time.sleep(_PAUSE)
    return Erased(wish_id, scrubbed, removed or 0)


def _remove_dead_letters(stores: Stores, wish_id: str, *, is_stored: bool) -> int | None:
    """Delete the letters about a wish. Return how many had text, None where there is no letter about it at all."""
    with dead_letters.held(stores) as letters:
        about = [letter for letter in letters if wish_id in letter.wish_ids]
        with_text = [letter for letter in about if letter.body != dead_letters.tombstone(wish_id)]
        if with_text and not is_stored and len(about) == len(with_text):
            # First: killed in between, it is there twice rather than not at all.
            dead_letters.send_tombstone(stores, wish_id)
        for letter in with_text:
            dead_letters.remove(stores, letter)
    return len(with_text) if about else None


def _places_with_text(stores: Stores, wish_id: str, commits: list[Commit]) -> list[str]:
    """Name the places that still hold text, read anew."""
    places = [f"commit {each.version}" for each in stores.events.read(stream_of(wish_id)) if has_text(each)]
    places += [f"generation {generation}" for generation in _generations_with_text(stores, wish_id, commits)]
    if not places:  # the slowest to read, so only once
        with dead_letters.held(stores) as letters:
            about = [letter for letter in letters if wish_id in letter.wish_ids]
            places += [letter.queue for letter in about if letter.body != dead_letters.tombstone(wish_id)]
    return places


def _generations_with_text(stores: Stores, wish_id: str, commits: list[Commit]) -> list[int]:
    """Find live generations with text in a row of this wish, and delete its rows in generations that are not live."""
    wish, home = fold(events_of(commits)), home_of(wish_id, commits)
    if wish is None or home is None:
        return []
    model = stores.read_model
    places = [f"{place}/{wish_id}" for place in {home, shelf(wish, wish_id)}]
    live = model.generations().live
    with_text = []
    for generation in range(1, max(model.highest(), *live) + 1):
        rows = model.rows(generation, places, consistent=True)
        if generation not in live:
            model.drop_rows(generation, list(rows))
        elif not rows or any(_has_text(row) for row in rows.values()):
            with_text.append(generation)
    return with_text


def _has_text(row: dict[str, Any]) -> bool:
    return "message" in row or "name" in row
