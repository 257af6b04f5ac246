"""Read metrics out of log lines: the embedded metric format (EMF), as CloudWatch reads it.

Rules: "Specification: Embedded metric format", CloudWatch User Guide. A line that is no EMF, or breaks a rule, has no
metrics; resolution is ignored, since the engine keeps every point.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lastwish.local.agent.validation import LARGEST, LATEST, is_number

Dimensions = tuple[tuple[str, str], ...]
MAX_VALUES = 100  # of one metric in one line
MAX_DIMENSIONS = 30


@dataclass(frozen=True, slots=True)
class Point:
    """One measured value. `at` is in seconds of the epoch, `dimensions` are sorted by name."""

    namespace: str
    dimensions: Dimensions
    name: str
    unit: str
    value: float
    at: float


def points(line: str) -> Iterator[Point]:
    """Yield all points of one log line; none when it is no EMF."""
    if '"_aws"' not in line:
        return
    try:
        root = json.loads(line)
    except (ValueError, RecursionError):
        return
    metadata = root.get("_aws") if isinstance(root, dict) else None
    if not isinstance(metadata, dict) or not is_number(at := metadata.get("Timestamp"), 0, LATEST * 1000):
        return
    for directive in _objects(metadata.get("CloudWatchMetrics")):
        yield from _directive(root, directive, at / 1000)


def _directive(root: dict[str, Any], directive: dict[str, Any], at: float) -> Iterator[Point]:
    namespace = directive.get("Namespace")
    if not isinstance(namespace, str):
        return
    for dimensions in _dimension_sets(root, directive.get("Dimensions", [[]])):
        for metric in _objects(directive.get("Metrics")):
            name, unit = metric.get("Name"), metric.get("Unit", "None")
            if isinstance(name, str) and isinstance(unit, str):
                for value in _values(root.get(name)):
                    yield Point(namespace, dimensions, name, unit, value, at)


def _dimension_sets(root: dict[str, Any], sets: object) -> Iterator[Dimensions]:
    for names in sets if isinstance(sets, list) else []:
        if isinstance(names, list) and len(names) <= MAX_DIMENSIONS:
            pairs = [(name, root.get(name)) for name in names if isinstance(name, str)]
            dimensions = tuple(sorted((name, value) for name, value in pairs if isinstance(value, str)))
            if len(dimensions) == len(names):
                yield dimensions


def _values(target: object) -> list[float]:
    values = target if isinstance(target, list) else [target]
    return [float(each) for each in values if is_number(each, -LARGEST, LARGEST)] if len(values) <= MAX_VALUES else []


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
