"""Wishes as aggregates: the state, the fold of events into it, and the decisions on commands. All of it is pure.

``decide`` reads no clock and never fails: a command that was carried out before gives no events.
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
    """State of one wish after some events. ``name`` and ``message`` are escaped, None once erased.

    ``visibility`` is "shown" also before ``shown_since``: with a clock, use ``visibility_at``. An erased wish keeps its
    seat, since the ship is counted by seats.
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
        """Return "erased" for an erased wish, else its outcome."""
        return "erased" if self.erased else self.outcome

    @property
    def is_released(self) -> bool:
        """Return true where the wish is visible now and needs no clock."""
        return self.visibility == "shown" and self.shown_since is None

    def visibility_at(self, now: datetime) -> Visibility:
        """Return the visibility at this moment."""
        return visibility_at(self.visibility, self.shown_since, now)


def visibility_at(visibility: Visibility, since: datetime | None, now: datetime) -> Visibility:
    """Return a visibility at this moment: "pending" until ``since``, where it is "shown" from then on."""
    return "pending" if visibility == "shown" and since is not None and now < since else visibility


@dataclass(frozen=True, slots=True)
class RecordWish:
    """Command: record a submission with the parser's verdict. No seat means that all were taken.

    A wish that the screening did not hold is shown, from ``shown_since`` on.
    """

    submitted: WishSubmitted
    verdict: WishAccepted | WishRejected
    seat: Seat | None
    held: WishHeld | None = None
    shown_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class BoardFromWaitlist:
    """Command: give a returned seat to this wish if it still waits."""

    seat: Seat


@dataclass(frozen=True, slots=True)
class ReleaseWish:
    """Command: an operator shows the wish now."""


@dataclass(frozen=True, slots=True)
class HideWish:
    """Command: an operator takes the wish off the wall, or keeps it off."""


@dataclass(frozen=True, slots=True)
class EraseWish:
    """Command: remove name and message for ever. A wish that is not stored needs ``submitted``."""

    submitted: WishSubmitted | None = None


type Command = RecordWish | BoardFromWaitlist | ReleaseWish | HideWish | EraseWish


def decide(command: Command, wish: Wish | None) -> list[Event]:  # noqa: PLR0911  one case, one return
    """Return the events that follow from a command in a state, none where nothing is left to do."""
    match command, wish:
        case RecordWish(submitted, WishRejected() as verdict), None:
            return [submitted, verdict]
        case RecordWish(submitted, verdict, seat, held, since), None:
            visibility = held or WishShown(by="rules", since=since)
            return [submitted, verdict, _boarded(seat) if seat else WishWaitlisted(), visibility]
        case BoardFromWaitlist(seat), Wish(outcome="waitlisted", erased=False):
            return [_boarded(seat)]
        case ReleaseWish(), Wish(erased=False, outcome="boarded" | "waitlisted") if not wish.is_released:
            return [WishShown(by="operator", since=None)]
        case HideWish(), Wish(visibility="shown" | "held"):
            return [WishHidden(by="operator")]
        case EraseWish(), Wish(erased=False):
            return [WishErased()]
        case EraseWish(WishSubmitted() as submitted), None:
            return [submitted.model_copy(update={"name": None, "message": None}), WishErased()]
    return []


def _boarded(seat: Seat) -> WishBoarded:
    return WishBoarded(seat=seat.number, pod=seat.pod, arrives_on=seat.arrives_on)


def evolve(wish: Wish | None, event: Event) -> Wish | None:  # noqa: C901, PLR0911  one case, one return
    """Return the state after one more event. An event that does not apply to this state changes nothing."""
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
    """Return the state after these events, oldest first; None without any."""
    wish: Wish | None = None
    for event in events:
        wish = evolve(wish, event)
    return wish
