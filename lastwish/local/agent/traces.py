"""The traces of the last while, in memory: bounded in their number, in segments of each and in bytes of all.

What AWS itself would add is made up when a trace is read: the segment of each function, which sends subsegments only.
"""

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from lastwish.local.agent.segments import API_STAGE, Segment, with_subsegments

FUNCTION = "AWS::Lambda::Function"


@dataclass(frozen=True)
class Bounds:
    """`traces` in all, `segments` of one trace, `size` of everything in bytes."""

    traces: int = 5000
    segments: int = 500
    size: int = 96 * 1024 * 1024


@dataclass(frozen=True)
class Summary:
    """A trace in a few words, as GetTraceSummaries gives it. Times in seconds; `response_time` is the root's own."""

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


@dataclass
class Trace:
    """The segments of one trace by id, as they came."""

    id: str
    segments: dict[str, Segment] = field(default_factory=dict)
    _changes: int = 0
    _told: tuple[int, Summary] | None = None

    def add(self, segment: Segment) -> None:
        """Take a segment in, in the place of an earlier document of it."""
        self.segments[segment.id] = segment
        self._changes += 1

    @property
    def start(self) -> float:
        """When its first segment began."""
        return min(each.start for each in list(self.segments.values()))

    def functions(self) -> Iterator[dict[str, Any]]:
        """A segment of each function that sent subsegments, without an end while one of them has none."""
        segments = list(self.segments.values())
        known = frozenset[str]().union(*(each.ids for each in segments))
        calls = [each.id for each in segments if each.origin == API_STAGE]
        below: dict[str, list[Segment]] = {}
        for each in segments:
            if each.loose and each.parent_id and each.parent_id not in known:
                below.setdefault(each.parent_id, []).append(each)
        for function_id, parts in below.items():
            parent = calls[0] if len(calls) == 1 else None
            yield _function(self.id, function_id, parent, parts)

    def documents(self) -> list[dict[str, Any]]:
        """All its segments as X-Ray gives them back: each subsegment stands in the segment that it belongs to."""
        came = [(each.loose, json.loads(each.document)) for each in self.segments.values()]
        came += [(False, made) for made in self.functions()]
        below = [part for _, document in came for part in with_subsegments(document)]
        parts = {part["id"]: part for part in below if isinstance(part.get("id"), str)}
        whole = []
        for loose, document in sorted(came, key=lambda each: float(each[1]["start_time"])):
            parent = parts.get(document.get("parent_id")) if loose else None
            if parent is None:
                whole.append(document)
            else:
                inside = parent.get("subsegments")
                parent["subsegments"] = [*(inside if isinstance(inside, list) else []), document]
                for wrapping in ("trace_id", "parent_id", "type"):
                    document.pop(wrapping, None)
        return whole

    def summary(self) -> Summary:
        """What it amounts to so far. Remembered, since thousands of traces are asked for it again and again."""
        if self._told is None or self._told[0] != self._changes:
            self._told = (self._changes, self._summed_up())
        return self._told[1]

    def _summed_up(self) -> Summary:
        segments = list(self.segments.values())
        roots = [(each.start, each.end) for each in segments if not each.loose and each.parent_id is None]
        roots += [(made["start_time"], made.get("end_time")) for made in self.functions() if "parent_id" not in made]
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
        )


def _function(trace_id: str, function_id: str, parent: str | None, parts: list[Segment]) -> dict[str, Any]:
    made: dict[str, Any] = {"trace_id": trace_id, "id": function_id, "name": parts[0].service, "origin": FUNCTION}
    if parent and parent != function_id:
        made["parent_id"] = parent
    made["start_time"] = min(part.start for part in parts)
    ends = [part.end for part in parts if part.end is not None]
    made |= {"end_time": max(ends)} if len(ends) == len(parts) else {"in_progress": True}
    return made | {"fault": True} if any(part.fault for part in parts) else made


class Traces:
    """Traces by id, the oldest first. Threads may use it at once."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.size = 0
        self.dropped = 0
        self._traces: OrderedDict[str, Trace] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, segment: Segment) -> None:
        """Keep a segment; a later document of the same segment replaces the earlier. The oldest traces make room."""
        with self._lock:
            trace = self._traces.setdefault(segment.trace_id, Trace(segment.trace_id))
            earlier = trace.segments.get(segment.id)
            if earlier is None and len(trace.segments) >= self.bounds.segments:
                self.dropped += 1
                return
            trace.add(segment)
            self.size += segment.size - (earlier.size if earlier else 0)
            while len(self._traces) > self.bounds.traces or self.size > self.bounds.size:
                self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, oldest = self._traces.popitem(last=False)
        self.size -= sum(each.size for each in oldest.segments.values())

    def get(self, ids: Iterable[str]) -> list[Trace]:
        """Those of these traces that are known."""
        with self._lock:
            return [Trace(each, dict(self._traces[each].segments)) for each in ids if each in self._traces]

    def summaries(self, start: float, end: float) -> list[Summary]:
        """All traces that began between two moments, in seconds of the epoch; in the order of their beginning."""
        with self._lock:  # not longer: summing up takes a while, and datagrams come meanwhile
            traces = list(self._traces.values())
        found = [trace.summary() for trace in traces if trace.segments and start <= trace.start <= end]
        return sorted(found, key=lambda each: (each.start, each.trace_id))

    def clear(self) -> int:
        """Forget all of them. Returns how many there were."""
        with self._lock:
            gone = len(self._traces)
            self._traces.clear()
            self.size = 0
            return gone
