"""Board a batch of decided wishes: find the new ones, lease their seats, and append a commit per wish."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.commit import stream_of
from domain.envelope import Envelope, read_story
from domain.errors import MalformedMessage
from domain.events import Destination, WishAccepted, WishHeld, WishRejected, WishSubmitted
from domain.seats import Seat
from domain.wish import RecordWish
from infra.aggregate import Cause, execute
from infra.event_store import EventStore
from infra.seats import Seats
from infra.slos import STORED_WITHIN
from infra.telemetry import count, log_outcome, measure
from infra.tracing import record_outcome, trace_id

_SKEW = timedelta(seconds=5)  # a wish sent later than now: two clocks disagree


@dataclass(frozen=True, slots=True)
class DecidedWish:
    """A wish with the parser's verdict, as Pods delivered it."""

    story: list[Envelope]
    submitted: WishSubmitted
    verdict: WishAccepted | WishRejected
    held: WishHeld | None = None

    @property
    def envelope(self) -> Envelope:
        return self.story[0]

    @property
    def wish_id(self) -> str:
        return self.story[0].subject


def read_decided_wish(body: str) -> DecidedWish:
    """Parse a Pods body. Raises MalformedMessage."""
    story = read_story(body)
    match [envelope.event() for envelope in story]:
        case [WishSubmitted() as submitted, (WishAccepted() | WishRejected()) as verdict]:
            return DecidedWish(story, submitted, verdict)
        case [WishSubmitted() as submitted, WishAccepted() as verdict, WishHeld() as held]:
            return DecidedWish(story, submitted, verdict, held)
    raise MalformedMessage("a story in Pods is a submission, a verdict, and perhaps why it is held")


def assign_seats(store: EventStore, seats: Seats, wishes: Sequence[DecidedWish]) -> dict[str, Seat]:
    """Return a seat for each new accepted wish, by wish id, as long as there are any. Raises StoreUnavailable.

    A stored wish gets none: a redelivery would leak the seat.
    """
    accepted = {wish.wish_id: wish.submitted.destination for wish in wishes if isinstance(wish.verdict, WishAccepted)}
    stored = store.stored([stream_of(wish_id) for wish_id in accepted]) if accepted else set()
    new = {wish_id: to for wish_id, to in accepted.items() if stream_of(wish_id) not in stored}
    counts: dict[Destination, int] = dict(Counter(new.values()))
    leased = {destination: iter(block) for destination, block in seats.lease(counts).items()} if counts else {}
    assigned = {wish_id: next(leased[destination], None) for wish_id, destination in new.items()}
    return {wish_id: seat for wish_id, seat in assigned.items() if seat}


def append(
    store: EventStore, wish: DecidedWish, seat: Seat | None, *, now: datetime, wall_delay: int, trace_header: str | None
) -> bool:
    """Append the wish's commit; return False where it was stored already. Raises what ``execute`` raises.

    The wall shows it ``wall_delay`` seconds from now, so that an operator can hide a wish that the screening missed.
    """
    cause = Cause(
        commit_id=wish.envelope.id,
        correlation_id=wish.envelope.correlationid,
        now=now,
        trace_id=trace_id(trace_header),
        trace_header=trace_header,
        times={envelope.type: envelope.time for envelope in wish.story},
    )
    shown_since = now + timedelta(seconds=wall_delay) if wall_delay else None
    command = RecordWish(wish.submitted, wish.verdict, seat, wish.held, shown_since)
    return execute(store, wish.wish_id, command, cause, is_new=True) is not None


def report(wish: DecidedWish, seat: Seat | None, *, is_new: bool, now: datetime) -> None:
    """Record the outcome in the log, the trace and the metrics, only once for a wish that is delivered again."""
    count("Recorded" if is_new else "Duplicates")
    if seat and not is_new:
        count("SeatsLeaked")
    accepted = isinstance(wish.verdict, WishAccepted)
    outcome = "duplicate" if not is_new else "boarded" if seat else "waitlisted" if accepted else "rejected"
    elapsed = now - wish.envelope.time
    late = round(elapsed.total_seconds()) if is_new and elapsed > STORED_WITHIN else None
    record_outcome(outcome)
    log_outcome("wish recorded" if is_new else "wish was recorded before", wish.wish_id, outcome=outcome, late_s=late)
    if not is_new:
        return
    if accepted:
        count("Boarded" if seat else "Waitlisted")
    count("ClockSkew", int(elapsed < -_SKEW))
    count("Late", int(late is not None))
    measure("SubmittedToBoarded", max(elapsed, timedelta(0)).total_seconds() * 1000)
