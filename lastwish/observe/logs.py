"""Find what all functions of a stack logged about one wish, or around one moment, in the order of time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import chain
from typing import Any

from lastwish.aws.clients import plain_errors
from lastwish.errors import AwsError
from lastwish.observe.log_lines import Line, read
from lastwish.site import Site

# The local engine dates every line to the end of its invocation, which may take as long as a function's timeout.
_LATE = timedelta(seconds=31)
_SUFFIX = "Logs"


@dataclass(frozen=True)
class Source:
    """``groups`` are the functions' log groups, by service."""

    logs: Any
    groups: dict[str, str]


@dataclass(frozen=True)
class Query:
    """A query: lines about a wish, from ``start`` to ``end``, that contain ``text`` in any case.

    ``everything`` adds Lambda's own lines and metrics. ``limit`` keeps the earliest lines.
    """

    wish_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    text: str = ""
    everything: bool = False
    limit: int = 1000

    def matches(self, line: Line) -> bool:
        """Tell if a line is of the right kind and time."""
        late_enough = self.start is None or line.time >= self.start
        return late_enough and (self.end is None or line.time <= self.end) and (line.ours or self.everything)


def source(site: Site) -> Source:
    """Return the log groups of a stack's functions. Raises AwsError."""
    ids = site.physical_ids()
    named = {name.removesuffix(_SUFFIX): group for name, group in ids.items() if name.endswith(_SUFFIX)}
    groups = {name.lower(): group for name, group in named.items() if f"{name}Function" in ids}
    if not groups:
        raise AwsError(f"stack {site.name} has no functions with a log group: is it a Last Wish stack?")
    return Source(site.client("logs"), groups)


def search(source: Source, query: Query) -> tuple[list[Line], bool]:
    """Return the lines in the order of time, and whether there were more. Raises AwsError."""
    most = query.limit + 1

    def earliest(service: str) -> list[Line]:
        return nsmallest(most, _lines(source, service, query), key=lambda line: line.time)

    with plain_errors(), ThreadPoolExecutor(len(source.groups)) as readers:
        found = chain.from_iterable(readers.map(earliest, source.groups))
        lines = nsmallest(most, found, key=lambda line: line.time)
    return lines[: query.limit], len(lines) > query.limit


def _lines(source: Source, service: str, query: Query) -> Iterator[Line]:
    request: dict[str, Any] = {"logGroupName": source.groups[service]}
    if query.wish_id:
        request["filterPattern"] = f'"{query.wish_id}"'
    if query.start:
        request["startTime"] = _milliseconds(query.start)
    if query.end:
        request["endTime"] = _milliseconds(query.end + _LATE)
    for page in source.logs.get_paginator("filter_log_events").paginate(**request):
        for event in page["events"]:
            line = read(event["message"], event["timestamp"], service)
            if query.text.lower() in event["message"].lower() and query.matches(line):
                yield line


def _milliseconds(moment: datetime) -> int:
    return int(1000 * moment.timestamp())
