"""What the worker does with a batch: find out what is new, lease that many seats, and append a commit per wish."""

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
from infra.telemetry import count, logger, measure
from infra.tracing import outcome, trace_id

_SKEW = timedelta(seconds=5)  # a wish from the future: two clocks disagree


@dataclass(frozen=True, slots=True)
class Arrival:
    """A decided wish as Pods delivered it."""

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


def read_arrival(body: str) -> Arrival:
    """A Pods body, understood. Raises MalformedMessage."""
    story = read_story(body)
    match [envelope.event() for envelope in story]:
        case [WishSubmitted() as submitted, (WishAccepted() | WishRejected()) as verdict]:
            return Arrival(story, submitted, verdict)
        case [WishSubmitted() as submitted, WishAccepted() as verdict, WishHeld() as held]:
            return Arrival(story, submitted, verdict, held)
    raise MalformedMessage("a story in Pods is a submission, a verdict, and perhaps why it is held")


def assign_seats(store: EventStore, seats: Seats, arrivals: Sequence[Arrival]) -> dict[str, Seat]:
    """A seat for each new accepted wish, by wish id, as far as there are any. Raises StoreUnavailable.

    What is stored already gets none: a redelivery would leak it.
    """
    accepted = {each.wish_id: each.submitted.destination for each in arrivals if isinstance(each.verdict, WishAccepted)}
    known = store.stored([stream_of(wish_id) for wish_id in accepted]) if accepted else set()
    new = {wish_id: to for wish_id, to in accepted.items() if stream_of(wish_id) not in known}
    wanted: dict[Destination, int] = dict(Counter(new.values()))
    leased = {destination: iter(found) for destination, found in seats.lease(wanted).items()} if wanted else {}
    given = {wish_id: next(leased[destination], None) for wish_id, destination in new.items()}
    return {wish_id: seat for wish_id, seat in given.items() if seat}


def record(
    store: EventStore, arrival: Arrival, seat: Seat | None, *, now: datetime, wall_delay: int, trace_header: str | None
) -> bool:
    """Append the wish's commit; False where it was there already. Raises what ``execute`` raises.

    The wall shows it ``wall_delay`` seconds from now: time enough for an operator to see what the screening did not.
    """
    cause = Cause(
        commit_id=arrival.envelope.id,
        correlation_id=arrival.envelope.correlationid,
        now=now,
        trace_id=trace_id(trace_header),
        trace_header=trace_header,
        times={envelope.type: envelope.time for envelope in arrival.story},
    )
    shown_since = now + timedelta(seconds=wall_delay) if wall_delay else None
    command = RecordWish(arrival.submitted, arrival.verdict, seat, arrival.held, shown_since)
    return execute(store, arrival.wish_id, command, cause, is_new=True) is not None


def observe(arrival: Arrival, seat: Seat | None, *, recorded: bool, now: datetime) -> None:
    """Say how it ended: in the log, the trace and the metrics. What was stored before ended then."""
    count("Recorded" if recorded else "Duplicates")
    if seat and not recorded:
        count("SeatsLeaked")
    accepted = isinstance(arrival.verdict, WishAccepted)
    ended = "duplicate" if not recorded else "boarded" if seat else "waitlisted" if accepted else "rejected"
    outcome(ended)
    logger.info("wish recorded" if recorded else "wish was recorded before", extra={"outcome": ended})
    if not recorded:
        return
    if accepted:
        count("Boarded" if seat else "Waitlisted")
    took = now - arrival.envelope.time
    count("ClockSkew", int(took < -_SKEW))
    count("Late", int(took > STORED_WITHIN))
    measure("SubmittedToBoarded", max(took, timedelta(0)).total_seconds() * 1000)
