"""What people typed, read from the journal: for a recording, and for the trophy case of a show."""

import html
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from domain.envelope import read_envelope
from domain.errors import MalformedMessage
from domain.events import WishErased, WishHidden, WishShown, WishSubmitted
from lastwish.local import journal
from lastwish.local.journal import Sent, Stored


@dataclass(frozen=True)
class Typed:
    """A wish as Inbox took it. ``escaped`` is its text as it was queued, ``stored`` as EventStore has it, if it has.

    ``trace_id`` is X-Ray's, None where nothing was traced.
    """

    wish_id: str
    time: datetime
    event: WishSubmitted
    stored: str | None = None
    trace_id: str | None = None

    @property
    def escaped(self) -> str:
        """The text in its inert form."""
        return str(self.event.message)

    @property
    def message(self) -> str:
        """The text as it was typed, but for invisible characters."""
        return html.unescape(self.escaped)

    @property
    def name(self) -> str | None:
        """The name as it was typed."""
        return html.unescape(self.event.name) if self.event.name else None


def read(file: Path, wish_id: str = "") -> list[Typed]:
    """Return all submissions, or those of one wish, in the order of time; but none that an operator took away.

    A repeated one comes each time. Of one wish is quick: the other lines of the journal are not parsed.
    Taken away is what was erased, and what was hidden and not released again.
    """
    sent: list[Typed] = []
    stored: dict[str, str | None] = {}
    decided: dict[str, list[str]] = {}
    for entry in journal.read(file, wish_id) if file.exists() else ():
        match entry:
            case Sent(wish_id=str(sent_id), body=str(body)) if event := _submission(body):
                sent.append(Typed(sent_id, entry.time, event, trace_id=_root(entry.trace_header)))
            case Stored(wish_id=str(stored_id)):
                stored[stored_id] = stored.get(stored_id) or _stored(entry)
                decided.setdefault(stored_id, []).extend(entry.types)
    kept = [replace(each, stored=stored.get(each.wish_id)) for each in sent if _is_there(decided.get(each.wish_id, []))]
    return sorted((each for each in kept if wish_id in ("", each.wish_id)), key=lambda each: each.time)


def _is_there(types: list[str]) -> bool:
    """Return whether nobody has taken a wish away for good, or hidden it last."""
    shown_or_hidden = [each for each in types if each in (WishShown.type, WishHidden.type)]
    return WishErased.type not in types and shown_or_hidden[-1:] != [WishHidden.type]


def _submission(body: str) -> WishSubmitted | None:
    try:
        event = read_envelope(body).event()
    except MalformedMessage:
        return None
    return event if isinstance(event, WishSubmitted) and event.message else None


def _root(header: str | None) -> str | None:
    """Return the trace id of a trace header, ``Root=1-…;Parent=…``."""
    return (header or "").partition("Root=")[2].partition(";")[0] or None


def _stored(commit: Stored) -> str | None:
    from infra.items import values_of  # boto3 comes with it: the proxy starts without

    data = [event["data"] for event in values_of(commit.item)["events"] if event["type"] == WishSubmitted.type]
    return data[0].get("message") if data else None
