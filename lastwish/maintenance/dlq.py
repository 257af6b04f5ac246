"""Tell what kind of dead letter each one is, and choose some of them. docs/dead-letters.md explains the classes."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import batched

from domain.commit import stream_of, wish_of
from infra.dead_letters import envelopes, submission
from lastwish.errors import NoSuchLetter
from lastwish.maintenance import dead_letters
from lastwish.maintenance.dead_letters import PARKED, QUEUES, Letter
from lastwish.maintenance.letter_class import Class
from lastwish.maintenance.reading import has_tag
from lastwish.maintenance.stores import Stores
from lastwish.promises import Promises

PROJECTOR = "ProjectorDlq"  # holds the places of batches in the stream, and no wish
DEAD = (*QUEUES, PROJECTOR)
_LONGEST_TYPE = 100  # characters
_MOST_KEYS = 100  # of one BatchGetItem
_BATCH = "DDBStreamBatchInfo"  # Lambda Developer Guide, "Retain discarded batches", of DynamoDB streams


@dataclass(frozen=True)
class Examined:
    """A letter, whether its wish is stored already, and what kind it is."""

    letter: Letter
    stored: bool
    kind: Class

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object. Texts in it may come from strangers; nothing in it is what people typed."""
        letter = self.letter
        return {
            "queue": letter.queue,
            "message_id": letter.id,
            "class": self.kind,
            "reason": letter.attribute("reason"),
            "age_s": max(0, round((datetime.now(UTC) - letter.sent).total_seconds())),
            "receives": letter.receives,
            "wish_id": letter.wish_id,
            "trace_id": letter.trace_id,
            "stored": self.stored,
            "parked": letter.attribute("parked_because"),
        }


@dataclass(frozen=True)
class Letters:
    """All letters that could be read. ``hidden`` others are received by somebody else at this moment."""

    found: list[Examined]
    hidden: int

    def choose(self, ids: Collection[str], kinds: Collection[Class]) -> "Letters":
        """Return those with these ids, or else those of these classes that are not parked. Raises NoSuchLetter."""
        if not ids:
            chosen = [each for each in self.found if each.kind in kinds and each.letter.queue != PARKED]
            return replace(self, found=chosen)
        by_id = {each.letter.id: each for each in self.found}
        if unknown := [each for each in ids if each not in by_id]:
            held = f"; {self.hidden} are hidden, since others read them: try again in a minute" if self.hidden else ""
            raise NoSuchLetter(f"there is no dead letter {', '.join(map(repr, unknown))}{held}", hidden=self.hidden)
        return replace(self, found=[by_id[each] for each in dict.fromkeys(ids)])


@contextmanager
def examined(stores: Stores, promises: Callable[[], Promises]) -> Iterator[Letters]:
    """Hold all dead letters and parked ones, and examine them. Raises QueueUnavailable, StoreUnavailable."""
    with dead_letters.held(stores, (*DEAD, PARKED)) as letters:
        hidden = dead_letters.hidden(stores, letters, DEAD)
        stored = _stored(stores, {each.wish_id for each in letters if each.wish_id})
        # Read last: a letter's wish was promised before it was given up.
        promised = promises() if letters else Promises([])
        accepted = frozenset(promised.wish_ids)
        yield Letters([_examine(each, stored, promised, accepted) for each in letters], hidden)


def _stored(stores: Stores, wish_ids: Collection[str]) -> set[str]:
    some = batched(map(stream_of, wish_ids), _MOST_KEYS, strict=False)
    return {wish_of(stream) for streams in some for stream in stores.events.stored(streams)}


def _examine(letter: Letter, stored: set[str], promised: Promises, accepted: Collection[str]) -> Examined:
    if letter.queue == PROJECTOR:
        is_batch = any(_BATCH in each for each in envelopes(letter.body))
        return Examined(letter, is_batch, Class.STORED if is_batch else Class.STRANGER)
    is_stored = letter.wish_id in stored
    kind = Class.STORED if is_stored else Class.TRANSIENT
    if is_hostile(letter.body):
        kind = Class.HOSTILE
    elif not is_stored and not _may_be_promised(letter, promised, accepted):
        kind = Class.STRANGER
    elif letter.attribute("reason"):
        kind = Class.HOPELESS
    return Examined(letter, is_stored, kind)


def _may_be_promised(letter: Letter, promised: Promises, accepted: Collection[str]) -> bool:
    """Tell if somebody may have been answered 202 for it: a request without a known end may have sent it."""
    if letter.wish_id is None or letter.wish_id in accepted:
        return letter.wish_id is not None
    return not promised.cover(letter.sent) or bool(promised.unknown_ends and submission(letter.body))


def is_hostile(body: str) -> bool:
    """Tell if anything in a message could begin or end a tag: the frontend escapes what people type."""
    try:
        return "<" in body or ">" in body or has_tag(json.loads(body))
    except ValueError:
        return False
    except RecursionError:  # nested far deeper than anything of ours
        return True


def summary(letter: Letter) -> dict[str, object]:
    """Return what a letter's body is, without its text; ``events`` are the types that it names."""
    events = [str(each.get("type") or "no type")[:_LONGEST_TYPE] for each in envelopes(letter.body)]
    return {"bytes": len(letter.body.encode()), "events": events}


def printable(text: str) -> str:
    """Return a text as a terminal may get it: what cannot be seen stands there as an escape."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
