"""Load, decide, append; and decide again when somebody else was faster."""

from datetime import datetime

from domain.commit import Commit, Recorded, stream_of
from domain.envelope import Envelope
from domain.errors import MalformedMessage, VersionConflict
from domain.events import WishAccepted, WishRejected, WishSubmitted
from domain.wish import RecordWish, decide, fold
from infra.event_store import EventStore, events_of

_TRIES = 3


def record_wish(store: EventStore, story: list[Envelope], *, now: datetime, trace_id: str | None) -> bool:
    """Append the wish's commit; False where it was there already.

    The first try takes the wish for new and costs no read, since nearly every wish is. Raises MalformedMessage,
    VersionConflict after three lost races, and what the store raises.
    """
    command = _command(story)
    times = {envelope.type: envelope.time for envelope in story}
    commits: list[Commit] = []
    stream = stream_of(story[0].subject)
    for _ in range(_TRIES):
        events = decide(command, fold(events_of(commits)))
        if not events:
            return False
        commit = Commit(
            stream=stream,
            version=len(commits) + 1,
            commit_id=story[0].id,
            time=now,
            correlation_id=story[0].correlationid,
            trace_id=trace_id,
            events=tuple(Recorded(event, times.get(event.type, now)) for event in events),
        )
        try:
            return store.append(commit)
        except VersionConflict as error:
            conflict = error
            commits = store.read(stream)
    raise conflict


def _command(story: list[Envelope]) -> RecordWish:
    match [envelope.event() for envelope in story]:
        case [WishSubmitted() as submitted, (WishAccepted() | WishRejected()) as verdict]:
            return RecordWish(submitted, verdict)
    raise MalformedMessage("a story in Pods is a submission and a verdict")
