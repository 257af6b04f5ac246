"""Keep the points of a metric in the order of their times, and drop those that are too old.

MiniStack appends points as they arrive, and rebuilds every list on every call to drop old ones, which is slow after a
day. In order, a search for the newest or the oldest can stop early.
"""

import time
from bisect import bisect_left, insort
from threading import Lock
from typing import Any

from lastwish.local.engine.patch import replace, require

EVICTION_INTERVAL = 60.0  # seconds


def install(cloudwatch: Any) -> None:
    """Correct `ministack.services.cloudwatch`, which has forgotten nothing so far. Raises EngineChanged."""
    require(cloudwatch, "_metrics", "TWO_WEEKS_SECONDS")
    SortedPoints.oldest = 0.0
    eviction = _Eviction(cloudwatch)

    def bucket(key: tuple[str, str, str]) -> list[dict[str, Any]]:
        if (stored := cloudwatch._metrics.get(key)) is None:
            stored = cloudwatch._metrics[key] = SortedPoints()
        points: list[dict[str, Any]] = stored
        return points

    replace(cloudwatch, "_metric_bucket", bucket)
    replace(cloudwatch, "_evict_old_metrics", lambda: eviction.evict())  # noqa: PLW0108 - the signature counts


def _time_of(point: dict[str, Any]) -> float:
    time_of: float = point["Timestamp"]
    return time_of


class SortedPoints(list[dict[str, Any]]):
    """A list of points whose append keeps the order of their times. Several threads may append."""

    _lock = Lock()  # one for all lists: it is held only briefly
    oldest = 0.0  # seconds of the epoch

    def append(self, point: dict[str, Any]) -> None:
        """Insert a point after all that are not newer. One that was measured before `forget` is dropped."""
        if _time_of(point) >= self.oldest:
            with self._lock:
                insort(self, point, key=_time_of)


def forget(cloudwatch: Any) -> int:
    """Drop all points, and from now on those that are measured already and still on their way. Returns how many."""
    SortedPoints.oldest = time.time()
    count = sum(len(points) for points in list(cloudwatch._metrics.values()))
    cloudwatch._metrics.clear()
    return count


class _Eviction:
    """Drops old points in place, so that no point is lost that arrives meanwhile."""

    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch
        self._due = 0.0

    def evict(self) -> None:
        """Drop points that are two weeks old, at most once in EVICTION_INTERVAL."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + EVICTION_INTERVAL
        oldest = time.time() - self._cloudwatch.TWO_WEEKS_SECONDS
        for key, points in list(self._cloudwatch._metrics.items()):
            del points[: bisect_left(points, oldest, key=_time_of)]
            if not points:
                del self._cloudwatch._metrics[key]
