"""The points of a metric in the order of their times, however they come, and none that is too old.

MiniStack appends each point where it came, and looks for old ones by building every list anew on every call, which a
day of points makes slow. In order, whoever looks for the newest or the oldest can stop at the first of the others.
"""

import time
from bisect import bisect_left, insort
from threading import Lock
from typing import Any

from lastwish.local.engine.correcting import needs, replace

EVICTION = 60.0  # seconds between two looks for points that are too old


def install(cloudwatch: Any) -> None:
    """Correct `ministack.services.cloudwatch`. Raises EngineChanged."""
    needs(cloudwatch, "_metrics", "TWO_WEEKS_SECONDS")
    eviction = _Eviction(cloudwatch)

    def bucket(key: tuple[str, str, str]) -> list[dict[str, Any]]:
        if (stored := cloudwatch._metrics.get(key)) is None:
            stored = cloudwatch._metrics[key] = InOrder()
        kept: list[dict[str, Any]] = stored
        return kept

    replace(cloudwatch, "_metric_bucket", bucket)
    replace(cloudwatch, "_evict_old_metrics", lambda: eviction.evict())  # noqa: PLW0108 - the signature counts


def _at(point: dict[str, Any]) -> float:
    at: float = point["Timestamp"]
    return at


class InOrder(list[dict[str, Any]]):
    """A list of points whose append keeps the order of their times. Threads may append at once."""

    _lock = Lock()  # one for all: it is held for a moment

    def append(self, point: dict[str, Any]) -> None:
        """Put a point after all that are not newer."""
        with self._lock:
            insort(self, point, key=_at)


class _Eviction:
    """Drops old points in place: a point that arrives meanwhile is not lost with a replaced list."""

    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch
        self._due = 0.0

    def evict(self) -> None:
        """Drop what is two weeks old, once in a while."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + EVICTION
        oldest = time.time() - self._cloudwatch.TWO_WEEKS_SECONDS
        for key, points in list(self._cloudwatch._metrics.items()):
            del points[: bisect_left(points, oldest, key=_at)]
            if not points:
                del self._cloudwatch._metrics[key]
