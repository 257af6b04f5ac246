"""Lines of a journal, made by the code that makes them."""

from datetime import date
from pathlib import Path
from typing import Any

from domain.commit import Commit, Recorded, stream_of
from domain.events import Destination, Event, WishAccepted, WishBoarded, WishErased, WishHidden, WishShown
from infra.event_store import EventStore
from lastwish.local.journal import Entry, Journal, Sent, Stored
from tests.support.samples import NOON, envelope, submitted

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
ERASED, HIDDEN = WishErased(), WishHidden(by="operator")


class _Client:
    """Catches the item that the event store puts."""

    def put_item(self, **request: Any) -> None:
        self.item = request["Item"]


def boarded(seat: int, text: str = "hello", to: Destination = "mars", name: str | None = None) -> list[Event]:
    """Return the events of an ordinary wish."""
    arrival = WishBoarded(seat=seat, pod=1, arrives_on=date(2045, 10, 1))
    wish = submitted(text, to).model_copy(update={"name": name})
    return [wish, WishAccepted(), arrival, WishShown(by="rules", since=NOON)]


def item(wish_id: str, events: list[Event], version: int = 1) -> dict[str, Any]:
    """Return a commit as DynamoDB gets it."""
    done = tuple(Recorded(event, NOON) for event in events)
    client: Any = _Client()
    EventStore(client, "EventStore").append(
        Commit(stream_of(wish_id), version, f"{wish_id}-{version}", NOON, "request-1", None, done, TRACE)
    )
    made: dict[str, Any] = client.item
    return made


def stored(wish_id: str, events: list[Event], version: int = 1) -> Stored:
    """Return the line of a commit."""
    return Stored.of(item(wish_id, events, version), NOON)


def message(wish_id: str, text: str = "hello") -> dict[str, Any]:
    """Return the arguments of SendMessage for a submission."""
    header = {"DataType": "String", "StringValue": TRACE}
    return {
        "MessageBody": envelope(submitted(text), wish_id).model_dump_json(),
        "MessageAttributes": {"trace_header": header},
        "MessageSystemAttributes": {"AWSTraceHeader": header},
    }


def sent(wish_id: str, text: str = "hello") -> Sent:
    """Return the line of a submission."""
    return Sent.of(message(wish_id, text), NOON)


def write_journal(file: Path, *entries: Entry) -> None:
    """Write these lines as the engine does."""
    journal = Journal(file)
    journal.add(*entries)
    journal.flush()
    journal.close()
