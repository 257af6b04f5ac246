"""The wish as an aggregate: its state, how events fold into it, and what a command decides. All of it pure.

``decide`` never looks at a clock and never fails: a command that was carried out before decides nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from domain.events import (
    Destination,
    Event,
    WishAccepted,
    WishBoarded,
    WishErased,
    WishHeld,
    WishHidden,
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

    ``visibility`` never says pending of a wish that waits only for its time: whoever has a clock asks ``seen_at``.

    An erased wish keeps its seat: the ship is counted by seats, and nobody is put on shore.
    """

    destination: Destination
    name: str | None
    message: str | None
    outcome: Outcome = "submitted"
    erased: bool = False
    visibility: Visibility = "pending"
    reason: str | None = None
    held_for: str | None = None
    shown_since: datetime | None = None
    seat: int | None = None
    pod: int | None = None
    arrives_on: date | None = None

    @property
    def status(self) -> Status:
        """What is said of the wish: its outcome, unless it was erased."""
        return "erased" if self.erased else self.outcome

    @property
    def is_released(self) -> bool:
        """Whether it may be seen without waiting for anything."""
        return self.visibility == "shown" and self.shown_since is None

    def seen_at(self, now: datetime) -> Visibility:
        """The visibility at this moment."""
        return seen_at(self.visibility, self.shown_since, now)


def seen_at(visibility: Visibility, since: datetime | None, now: datetime) -> Visibility:
    """A visibility at this moment: what is shown from later on is pending until then."""
    return "pending" if visibility == "shown" and since is not None and now < since else visibility


@dataclass(frozen=True, slots=True)
class RecordWish:
    """Command: make this submission and the parser's verdict part of history. No seat means that all were taken.

    What the screening did not hold is shown, from ``shown_since`` on.
    """

    submitted: WishSubmitted
    verdict: WishAccepted | WishRejected
    seat: Seat | None
    held: WishHeld | None = None
    shown_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class BoardFromWaitlist:
    """Command: a seat has returned; give it to this wish if it still waits."""

    seat: Seat


@dataclass(frozen=True, slots=True)
class ReleaseWish:
    """Command: an operator lets the wish be seen, now."""


@dataclass(frozen=True, slots=True)
class HideWish:
    """Command: an operator takes the wish off the wall, or keeps it from it."""


@dataclass(frozen=True, slots=True)
class EraseWish:
    """Command: forget who said what."""


type Command = RecordWish | BoardFromWaitlist | ReleaseWish | HideWish | EraseWish


def decide(command: Command, wish: Wish | None) -> list[Event]:  # noqa: PLR0911  one case, one return
    """The events that follow from a command in a state; none when there is nothing left to do."""
    match command, wish:
        case RecordWish(submitted, WishRejected() as verdict), None:
            return [submitted, verdict]
        case RecordWish(submitted, verdict, seat, held, since), None:
            seen = held or WishShown(by="rules", since=since)
            return [submitted, verdict, _boarded(seat) if seat else WishWaitlisted(), seen]
        case BoardFromWaitlist(seat), Wish(outcome="waitlisted", erased=False):
            return [_boarded(seat)]
        case ReleaseWish(), Wish(erased=False, outcome="boarded" | "waitlisted") if not wish.is_released:
            return [WishShown(by="operator", since=None)]
        case HideWish(), Wish(visibility="shown" | "held"):
            return [WishHidden(by="operator")]
        case EraseWish(), Wish(erased=False):
            return [WishErased()]
    return []


def _boarded(seat: Seat) -> WishBoarded:
    return WishBoarded(seat=seat.number, pod=seat.pod, arrives_on=seat.arrives_on)


def evolve(wish: Wish | None, event: Event) -> Wish | None:  # noqa: C901, PLR0911  one case, one return
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
        case WishHeld(), Wish(erased=False):
            return replace(wish, visibility="held", held_for=event.reason)
        case WishShown(), Wish(erased=False):
            return replace(wish, visibility="shown", shown_since=event.since)
        case WishHidden(), Wish(erased=False):
            return replace(wish, visibility="hidden")
        case WishErased(), Wish():
            return replace(wish, erased=True, visibility="hidden", name=None, message=None)
    return wish


def fold(events: Iterable[Event]) -> Wish | None:
    """The state after these events, oldest first; None where there were none."""
    wish: Wish | None = None
    for event in events:
        wish = evolve(wish, event)
    return wish
