"""Keep the newest traces in memory: bounded in their number, in segments of each and in bytes of all.

A function sends subsegments only. Its own segment, which AWS would add, is built when a trace is read.
"""

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from lastwish.local.agent.segments import API_STAGE, Segment, is_nested_at_most, with_subsegments

FUNCTION = "AWS::Lambda::Function"
MOST_LEVELS = 50  # of subsegments in a trace; a wish has about ten


@dataclass(frozen=True)
class Bounds:
    """`traces` in all, `segments` of one trace, `size` of everything in bytes."""

    traces: int = 5000
    segments: int = 500
    size: int = 96 * 1024 * 1024


@dataclass(frozen=True)
class Summary:
    """A trace as GetTraceSummaries gives it. Times are in seconds; `response_time` is that of the root segment.

    `services` are the names of its segments.
    """

    trace_id: str
    start: float
    duration: float
    response_time: float
    fault: bool
    error: bool
    throttle: bool
    partial: bool
    annotations: dict[str, list[Any]]
    http: dict[str, str | int]
    services: frozenset[str]


@dataclass
class Trace:
    """One trace: its segments by id, as they arrived."""

    id: str
    segments: dict[str, Segment] = field(default_factory=dict)
    _changes: int = 0
    _cached: tuple[int, Summary] | None = None

    def add(self, segment: Segment) -> None:
        """Add a segment. A later document of the same segment replaces the earlier one."""
        self.segments[segment.id] = segment
        self._changes += 1

    @property
    def start(self) -> float:
        """Time at which its first segment began."""
        return min(segment.start for segment in list(self.segments.values()))

    def functions(self) -> Iterator[dict[str, Any]]:
        """Build a segment of each function that sent subsegments, without an end while one of them has none."""
        segments = list(self.segments.values())
        known = frozenset[str]().union(*(segment.ids for segment in segments))
        calls = [segment.id for segment in segments if segment.origin == API_STAGE]
        subsegments: dict[str, list[Segment]] = {}
        for segment in segments:
            if segment.independent and segment.parent_id and segment.parent_id not in known:
                subsegments.setdefault(segment.parent_id, []).append(segment)
        for function_id, parts in subsegments.items():
            parent = calls[0] if len(calls) == 1 else None
            yield _function(self.id, function_id, parent, parts)

    def documents(self) -> list[dict[str, Any]]:
        """Return all its segments as X-Ray does, with each subsegment inside the segment that it belongs to."""
        documents = [(segment.independent, json.loads(segment.document)) for segment in self.segments.values()]
        documents += [(False, function) for function in self.functions()]
        parts = [part for _, document in documents for part in with_subsegments(document)]
        by_id = {part["id"]: part for part in parts if isinstance(part.get("id"), str)}
        segments = []
        for independent, document in sorted(documents, key=lambda pair: float(pair[1]["start_time"])):
            parent = by_id.get(document.get("parent_id")) if independent else None
            if parent is None:
                segments.append(document)
            else:
                siblings = parent.get("subsegments")
                parent["subsegments"] = [*(siblings if isinstance(siblings, list) else []), document]
                for key in ("trace_id", "parent_id", "type"):
                    document.pop(key, None)
        # Whoever can send datagrams can make up a chain, too long for JSON and for whoever reads it.
        return [each for each in segments if is_nested_at_most(each, MOST_LEVELS)]

    def summary(self) -> Summary:
        """Return its summary so far. Cached: one query reads the summaries of thousands of traces."""
        if self._cached is None or self._cached[0] != self._changes:
            self._cached = (self._changes, self._summarise())
        return self._cached[1]

    def _summarise(self) -> Summary:
        segments, functions = list(self.segments.values()), list(self.functions())
        roots = [(each.start, each.end) for each in segments if not each.independent and each.parent_id is None]
        roots += [(each["start_time"], each.get("end_time")) for each in functions if "parent_id" not in each]
        start = self.start
        root_start, root_end = min(roots, default=(start, None), key=lambda root: root[0])
        end = max(each.end or each.start for each in segments)
        annotations: dict[str, list[Any]] = {}
        for key, value in sorted(set().union(*(each.annotations for each in segments)), key=str):
            annotations.setdefault(key, []).append(value)
        return Summary(
            trace_id=self.id,
            start=start,
            duration=round(end - start, 3),
            response_time=round((root_end or end) - root_start, 3),
            fault=any(each.fault for each in segments),
            error=any(each.error for each in segments),
            throttle=any(each.throttle for each in segments),
            partial=any(each.end is None for each in segments),
            annotations=annotations,
            http=next((each.http for each in segments if each.origin == API_STAGE), {}),
            services=frozenset(
                [each.name for each in segments if not each.independent] + [f["name"] for f in functions]
            ),
        )


def _function(trace_id: str, function_id: str, parent: str | None, parts: list[Segment]) -> dict[str, Any]:
    segment: dict[str, Any] = {"trace_id": trace_id, "id": function_id, "name": parts[0].service, "origin": FUNCTION}
    if parent and parent != function_id:
        segment["parent_id"] = parent
    segment["start_time"] = min(part.start for part in parts)
    ends = [part.end for part in parts if part.end is not None]
    segment |= {"end_time": max(ends)} if len(ends) == len(parts) else {"in_progress": True}
    return segment | {"fault": True} if any(part.fault for part in parts) else segment


class Traces:
    """Traces by id, the oldest first. Several threads may use it."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.size = 0
        self.dropped = 0
        self._traces: OrderedDict[str, Trace] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, segment: Segment) -> None:
        """Add a segment to its trace. The oldest traces are dropped for it where a bound is reached."""
        with self._lock:
            trace = self._traces.setdefault(segment.trace_id, Trace(segment.trace_id))
            earlier = trace.segments.get(segment.id)
            if earlier is None and len(trace.segments) >= self.bounds.segments:
                self.dropped += 1
                return
            trace.add(segment)
            self.size += segment.size - (earlier.size if earlier else 0)
            while len(self._traces) > self.bounds.traces or self.size > self.bounds.size:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, oldest = self._traces.popitem(last=False)
        self.size -= sum(each.size for each in oldest.segments.values())

    def get(self, ids: Iterable[str]) -> list[Trace]:
        """Return those of these traces that are known."""
        with self._lock:
            return [Trace(id_, dict(self._traces[id_].segments)) for id_ in ids if id_ in self._traces]

    def summaries(self, start: float, end: float) -> list[Summary]:
        """Return the traces that began between two times, in seconds of the epoch, in the order of their start."""
        with self._lock:  # held only for the copy: summaries take a while, and datagrams arrive meanwhile
            traces = list(self._traces.values())
        summaries = [trace.summary() for trace in traces if trace.segments and start <= trace.start <= end]
        return sorted(summaries, key=lambda summary: (summary.start, summary.trace_id))

    def clear(self) -> int:
        """Drop all traces. Returns how many there were."""
        with self._lock:
            count = len(self._traces)
            self._traces.clear()
            self.size = 0
            return count
