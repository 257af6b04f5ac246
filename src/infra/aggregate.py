"""Load a stream, decide, append; decide again after a lost race. All commits are appended here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.commit import Commit, Recorded, events_of, stream_of
from domain.errors import VersionConflict
from domain.events import WishSubmitted
from domain.wish import Command, decide, fold
from infra.event_store import EventStore

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """Origin of a command. A second try with the same ``commit_id`` is the same commit.

    ``times`` are those of events that were decided earlier, by type; all other events happen ``now``.
    """

    commit_id: str
    correlation_id: str
    now: datetime
    trace_id: str | None = None
    trace_header: str | None = None
    times: Mapping[str, datetime] = field(default_factory=dict)


def execute(
    store: EventStore, wish_id: str, command: Command, cause: Cause, *, is_new: bool = False, also: Sequence[Any] = ()
) -> Commit | None:
    """Append the events that follow from a command. Return the commit, None where no event follows or all are stored.

    ``is_new`` assumes an empty stream at first, which saves a read; the append checks it. ``also`` is for
    ``EventStore.append``. Raises VersionConflict after three lost races, and what the store raises.
    """
    stream = stream_of(wish_id)
    commits = [] if is_new else store.read(stream)
    for _ in range(_TRIES):
        events = decide(command, fold(events_of(commits)))
        if not events:
            return None
        now = cause.now.replace(microsecond=cause.now.microsecond // 1000 * 1000)  # as it is stored
        # Clocks differ, yet in a stream no commit is older than the one before it: the audit relies on it.
        now = max([now, *(commit.time for commit in commits[-1:])])
        commit = Commit(
            stream=stream,
            version=len(commits) + 1,
            commit_id=cause.commit_id,
            time=now,
            correlation_id=cause.correlation_id,
            trace_id=cause.trace_id,
            trace_header=cause.trace_header,
            events=tuple(Recorded(event, cause.times.get(event.type, now)) for event in events),
        )
        try:
            if store.append(commit, also):
                return commit
            # Its id is there already. With the same decision it is ours: the answer was lost, and the SDK tried again.
            return commit if _decision(commit) in map(_decision, store.read(stream)) else None
        except VersionConflict as error:
            conflict = error
            commits = store.read(stream)
    raise conflict


def _decision(commit: Commit) -> Any:
    """Return what an erasure does not change, whatever it did since."""
    return commit.time, [done for done in commit.events if not isinstance(done.event, WishSubmitted)]
