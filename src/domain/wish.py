"""The wish as an aggregate: its state, how events fold into it, and what a command decides. All of it pure.

``decide`` never looks at a clock and never fails: a command that was carried out before decides nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from domain.events import (
    Destination,
    Event,
    WishAccepted,
    WishBoarded,
    WishErased,
    WishRejected,
    WishShown,
    WishSubmitted,
    WishWaitlisted,
)
from domain.seats import Seat

type Outcome = Literal["submitted", "boarded", "waitlisted", "rejected"]
type Status = Outcome | Literal["erased"]
type Visibility = Literal["shown", "pending", "held", "hidden"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is known of one wish after some events. ``name`` and ``message`` are escaped, None once erased.

    An erased wish keeps its seat: the ship is counted by seats, and nobody is put on shore.
    """

    destination: Destination
    name: str | None
    message: str | None
    outcome: Outcome = "submitted"
    erased: bool = False
    visibility: Visibility = "pending"
    reason: str | None = None
    seat: int | None = None
    pod: int | None = None
    arrives_on: date | None = None

    @property
    def status(self) -> Status:
        """What is said of the wish: its outcome, unless it was erased."""
        return "erased" if self.erased else self.outcome


@dataclass(frozen=True, slots=True)
class RecordWish:
    """Command: make this submission and the parser's verdict part of history. No seat means that all were taken."""

    submitted: WishSubmitted
    verdict: WishAccepted | WishRejected
    seat: Seat | None


@dataclass(frozen=True, slots=True)
class BoardFromWaitlist:
    """Command: a seat has returned; give it to this wish if it still waits."""

    seat: Seat


@dataclass(frozen=True, slots=True)
class EraseWish:
    """Command: forget who said what."""


type Command = RecordWish | BoardFromWaitlist | EraseWish


def decide(command: Command, wish: Wish | None) -> list[Event]:
    """The events that follow from a command in a state; none when there is nothing left to do."""
    match command, wish:
        case RecordWish(submitted, WishRejected() as verdict), None:
            return [submitted, verdict]
        case RecordWish(submitted, verdict, seat), None:
            return [submitted, verdict, _boarded(seat) if seat else WishWaitlisted(), WishShown(by="rules")]
        case BoardFromWaitlist(seat), Wish(outcome="waitlisted", erased=False):
            return [_boarded(seat)]
        case EraseWish(), Wish(erased=False):
            return [WishErased()]
    return []


def _boarded(seat: Seat) -> WishBoarded:
    return WishBoarded(seat=seat.number, pod=seat.pod, arrives_on=seat.arrives_on)


def evolve(wish: Wish | None, event: Event) -> Wish | None:  # noqa: PLR0911  one case, one return
    """The state after one more event. An event that says nothing about this state changes nothing."""
    match event, wish:
        case WishSubmitted(), None:
            return Wish(event.destination, event.name, event.message)
        case WishRejected(), Wish():
            return replace(wish, outcome="rejected", visibility="hidden", reason=event.reason)
        case WishBoarded(), Wish():
            return replace(wish, outcome="boarded", seat=event.seat, pod=event.pod, arrives_on=event.arrives_on)
        case WishWaitlisted(), Wish():
            return replace(wish, outcome="waitlisted")
        case WishShown(), Wish(erased=False):
            return replace(wish, visibility="shown")
        case WishErased(), Wish():
            return replace(wish, erased=True, visibility="hidden", name=None, message=None)
    return wish


def fold(events: Iterable[Event]) -> Wish | None:
    """The state after these events, oldest first; None where there were none."""
    wish: Wish | None = None
    for event in events:
        wish = evolve(wish, event)
    return wish
