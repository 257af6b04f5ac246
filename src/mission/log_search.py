"""Find what all functions of a stack logged about one wish, or around one moment, in the order of time."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import chain
from typing import Any

from mission.log_lines import Line, read

# The local engine dates every line to the end of its invocation, which may take as long as a function's timeout.
_LATE = timedelta(seconds=31)


@dataclass(frozen=True)
class Query:
    """A query: lines about a wish, from ``start`` to ``end``, that contain ``text`` in any case.

    ``everything`` adds Lambda's own lines and metrics. ``limit`` keeps the earliest lines. ``most_read`` of each
    function are read; None reads all.
    """

    wish_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    text: str = ""
    everything: bool = False
    limit: int = 1000
    most_read: int | None = None

    def matches(self, line: Line) -> bool:
        """Tell if a line is of the right kind and time."""
        late_enough = self.start is None or line.time >= self.start
        return late_enough and (self.end is None or line.time <= self.end) and (line.ours or self.everything)


def search(client: Any, groups: Mapping[str, str], query: Query) -> tuple[list[Line], bool]:
    """Return the lines of log groups by service, in the order of time, and whether there may be more.

    Raises what botocore raises.
    """
    most = query.limit + 1

    def earliest(service: str) -> tuple[list[Line], bool]:
        pages = client.get_paginator("filter_log_events").paginate(**_request(groups[service], query))
        lines = nsmallest(most, _lines(pages, service, query), key=lambda line: line.time)
        return lines, pages.resume_token is not None

    with ThreadPoolExecutor(len(groups)) as readers:
        found = list(readers.map(earliest, groups))
    lines = nsmallest(most, chain.from_iterable(lines for lines, _ in found), key=lambda line: line.time)
    return lines[: query.limit], len(lines) > query.limit or any(cut for _, cut in found)


def _request(group: str, query: Query) -> dict[str, Any]:
    request: dict[str, Any] = {"logGroupName": group, "PaginationConfig": {"MaxItems": query.most_read}}
    if query.wish_id:
        request["filterPattern"] = f'"{query.wish_id}"'
    if query.start:
        request["startTime"] = _milliseconds(query.start)
    if query.end:
        request["endTime"] = _milliseconds(query.end + _LATE)
    return request


def _lines(pages: Any, service: str, query: Query) -> Iterator[Line]:
    for page in pages:
        for event in page["events"]:
            line = read(event["message"], event["timestamp"], service).about(query.wish_id)
            if query.text.lower() in event["message"].lower() and query.matches(line):
                yield line


def _milliseconds(moment: datetime) -> int:
    return int(1000 * moment.timestamp())
