"""Follow the functions' log groups: every line with metrics once. Reads overlap, since lines may arrive late."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

OVERLAP = 5_000  # milliseconds that are read again
PATTERN = "CloudWatchMetrics"
PAGE = 10_000

# Stream, time, text, and its number among equal ones: the engine gives most of its events no id.
_Line = tuple[str, int, str, int]


class Tail:
    """One log group, from now on. `logs` is a boto3 client."""

    def __init__(self, logs: Any, group: str) -> None:
        self._logs = logs
        self._group = group
        self._begin = self._newest = int(time.time() * 1000)
        self._seen: set[_Line] = set()  # as far back as the overlap

    def lines(self) -> Iterator[str]:
        """Yield the lines that are new since the last call. Raises what boto3 raises."""
        start = max(self._begin, self._newest - OVERLAP)
        while True:
            page = self._page(start)
            for line in page:
                if line not in self._seen:
                    self._seen.add(line)
                    yield line[2]
            last = page[-1][1] if page else start
            self._newest = max(self._newest, last)
            if len(page) < PAGE or last == start:
                break
            start = last
        self._seen = {line for line in self._seen if line[1] >= self._newest - OVERLAP}

    def _page(self, start: int) -> list[_Line]:
        """Return up to PAGE lines from this time on, in the order of their times."""
        events = self._logs.filter_log_events(
            logGroupName=self._group, filterPattern=PATTERN, startTime=start, limit=PAGE
        )["events"]
        equal: Counter[tuple[str, int, str]] = Counter()
        page = []
        for event in events:
            line = (event["logStreamName"], event["timestamp"], event["message"])
            page.append((*line, equal[line]))
            equal[line] += 1
        return page
