"""A commit: the events that one decision appends together, at one version of one stream."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.events import Event


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event and the time of its decision."""

    event: Event
    time: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """``version`` counts from 1 without gaps; ``commit_id`` is the same for every try to append the same commit.

    ``trace_header`` names the segment in the wish's trace that appended it; None where it was not traced.
    """

    stream: str
    version: int
    commit_id: str
    time: datetime
    correlation_id: str
    trace_id: str | None
    events: tuple[Recorded, ...]
    trace_header: str | None = None


def stream_of(wish_id: str) -> str:
    """Return the stream that holds a wish's commits."""
    return f"wish#{wish_id}"


def wish_of(stream: str) -> str:
    """Return the id of the wish whose commits a stream holds."""
    return stream.removeprefix("wish#")


def events_of(commits: Iterable[Commit]) -> list[Event]:
    """Return the events of these commits, in order, as ``fold`` takes them."""
    return [recorded.event for commit in commits for recorded in commit.events]
