"""Gathers points until they are published: equal values of the same moment become one value with a count."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import batched
from threading import Lock
from typing import Any

from lastwish.local.agent.emf import Dimensions, Point

INTERVAL = 2.0  # seconds that count as one moment, and between two publications
MAX_VALUES = 150  # in one datum of PutMetricData
MAX_DATA = 1000  # in one call
BOUND = 50_000  # different values that wait at once
_ROUNDED = frozenset({"Microseconds", "Milliseconds", "Seconds"})

_Key = tuple[str, Dimensions, str, str, float]


class Gathered:
    """Points that wait. Threads may use it at once. What is beyond the bound or unusable is counted and dropped."""

    def __init__(self, bound: int = BOUND) -> None:
        self.dropped = 0
        self._bound = bound
        self._waiting = 0
        self._values: dict[_Key, Counter[float]] = {}
        self._lock = Lock()

    def add(self, points: Iterable[Point]) -> None:
        """Keep these points until they are taken."""
        with self._lock:
            for point in points:
                self._add(point)

    def _add(self, point: Point) -> None:
        moment = point.at // INTERVAL * INTERVAL
        key = (point.namespace, point.dimensions, point.name, point.unit, moment)
        value = float(f"{point.value:.3g}") if point.unit in _ROUNDED else point.value
        values = self._values.get(key)
        if values is None or value not in values:
            if self._waiting >= self._bound:
                self.dropped += 1
                return
            self._waiting += 1
        self._values.setdefault(key, Counter())[value] += 1

    def take(self) -> Iterator[dict[str, Any]]:
        """Everything that waits, as arguments of PutMetricData calls, and nothing waits any more."""
        with self._lock:
            taken, self._values, self._waiting = self._values, {}, 0
        by_namespace: dict[str, list[dict[str, Any]]] = {}
        for key, values in taken.items():
            try:
                by_namespace.setdefault(_word(key[0]), []).extend(_data(key, values))
            except (ValueError, ArithmeticError, OSError):  # one of a time or a name that cannot be said costs no other
                self.dropped += len(values)
        for namespace, data in by_namespace.items():
            for some in batched(data, MAX_DATA, strict=False):
                yield {"Namespace": namespace, "MetricData": list(some)}


def _data(key: _Key, values: Counter[float]) -> list[dict[str, Any]]:
    """Raises ValueError, OverflowError or OSError where a name or the time is none."""
    _, dimensions, name, unit, moment = key
    datum = {
        "MetricName": _word(name),
        "Dimensions": [{"Name": _word(each), "Value": _word(value)} for each, value in dimensions],
        "Timestamp": datetime.fromtimestamp(moment, UTC),
        "Unit": _word(unit),
    }
    return [
        datum | {"Values": [value for value, _ in some], "Counts": [float(count) for _, count in some]}
        for some in batched(values.items(), MAX_VALUES, strict=False)
    ]


def _word(text: str) -> str:
    """A text that can be sent: half a surrogate pair cannot, and nothing is no name. Raises ValueError."""
    if not text.encode():
        raise ValueError("a name is empty")
    return text
