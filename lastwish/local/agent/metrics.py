"""Collect points until they are published. Equal values of the same interval become one value with a count."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import batched
from threading import Lock
from typing import Any, Protocol

from lastwish.local.agent.emf import Dimensions, Point

INTERVAL = 2.0  # seconds whose points share a time, and between two publications
MAX_VALUES = 150  # in one datum of PutMetricData
MAX_DATA = 1000  # in one call
BOUND = 50_000  # different values in a buffer
_ROUNDED = frozenset({"Microseconds", "Milliseconds", "Seconds"})

_Key = tuple[str, Dimensions, str, str, float]


class Counts(Protocol):
    """What sees each point as it comes, and keeps none."""

    def add(self, point: Point) -> None:
        """Count a point."""


class MetricBuffer:
    """Points that wait. Several threads may use it. A point beyond the bound, or unusable, is counted and dropped.

    ``counts`` sees each of them, whether it is published or not.
    """

    def __init__(self, bound: int = BOUND, counts: Counts | None = None) -> None:
        self.dropped = 0
        self._counts = counts
        self._bound = bound
        self._size = 0
        self._values: dict[_Key, Counter[float]] = {}
        self._lock = Lock()

    def add(self, points: Iterable[Point]) -> None:
        """Keep these points until `drain`."""
        with self._lock:
            for point in points:
                self._add(point)
                if self._counts:
                    self._counts.add(point)

    def _add(self, point: Point) -> None:
        time = point.at // INTERVAL * INTERVAL
        key = (point.namespace, point.dimensions, point.name, point.unit, time)
        value = float(f"{point.value:.3g}") if point.unit in _ROUNDED else point.value
        values = self._values.get(key)
        if values is None or value not in values:
            if self._size >= self._bound:
                self.dropped += 1
                return
            self._size += 1
        self._values.setdefault(key, Counter())[value] += 1

    def drain(self) -> Iterator[dict[str, Any]]:
        """Empty the buffer. Yields its points as arguments of PutMetricData calls."""
        with self._lock:
            drained, self._values, self._size = self._values, {}, 0
        by_namespace: dict[str, list[dict[str, Any]]] = {}
        for key, values in drained.items():
            try:
                by_namespace.setdefault(_sendable(key[0]), []).extend(_data(key, values))
            except (ValueError, ArithmeticError, OSError):  # an unusable time or name costs no other point
                self.dropped += len(values)
        for namespace, data in by_namespace.items():
            for batch in batched(data, MAX_DATA, strict=False):
                yield {"Namespace": namespace, "MetricData": list(batch)}


def _data(key: _Key, values: Counter[float]) -> list[dict[str, Any]]:
    """Return the values of one metric as data of PutMetricData. Raises ValueError, OverflowError or OSError."""
    _, dimensions, name, unit, time = key
    datum = {
        "MetricName": _sendable(name),
        "Dimensions": [{"Name": _sendable(key), "Value": _sendable(value)} for key, value in dimensions],
        "Timestamp": datetime.fromtimestamp(time, UTC),
        "Unit": _sendable(unit),
    }
    return [
        datum | {"Values": [value for value, _ in batch], "Counts": [float(count) for _, count in batch]}
        for batch in batched(values.items(), MAX_VALUES, strict=False)
    ]


def _sendable(text: str) -> str:
    """Return a text that can be sent. Raises ValueError for an empty one, and for half a surrogate pair."""
    if not text.encode():
        raise ValueError("a name is empty")
    return text
