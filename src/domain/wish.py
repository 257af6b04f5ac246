"""The wish as an aggregate: its state, how events fold into it, and what a command decides. All of it pure.

``decide`` never looks at a clock and never fails: a command that was carried out before decides nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from domain.events import Destination, Event, WishAccepted, WishBoarded, WishRejected, WishSubmitted

type Status = Literal["submitted", "boarded", "waitlisted", "rejected", "erased"]
type Visibility = Literal["shown", "pending", "held", "hidden"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is known of one wish after some events. ``name`` and ``message`` are escaped, None once erased."""

    destination: Destination
    name: str | None
    message: str | None
    status: Status = "submitted"
    visibility: Visibility = "pending"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RecordWish:
    """Command: make this submission and the parser's verdict on it part of history."""

    submitted: WishSubmitted
    verdict: WishAccepted | WishRejected


def decide(command: RecordWish, wish: Wish | None) -> list[Event]:
    """The events that follow from a command in a state; none when there is nothing left to do."""
    if wish is not None:
        return []
    if isinstance(command.verdict, WishRejected):
        return [command.submitted, command.verdict]
    return [command.submitted, command.verdict, WishBoarded()]


def evolve(wish: Wish | None, event: Event) -> Wish | None:
    """The state after one more event. An event that says nothing about this state changes nothing."""
    match event, wish:
        case WishSubmitted(), None:
            return Wish(event.destination, event.name, event.message)
        case WishRejected(), Wish():
            return replace(wish, status="rejected", visibility="hidden", reason=event.reason)
        case WishBoarded(), Wish():
            return replace(wish, status="boarded")
    return wish


def fold(events: Iterable[Event]) -> Wish | None:
    """The state after these events, oldest first; None where there were none."""
    wish: Wish | None = None
    for event in events:
        wish = evolve(wish, event)
    return wish
