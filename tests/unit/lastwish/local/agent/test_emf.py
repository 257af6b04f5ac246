"""Metrics in log lines, and their collection for CloudWatch."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from lastwish.local.agent.emf import Point, points
from lastwish.local.agent.metrics import MAX_DATA, MAX_VALUES, MetricBuffer


def line(metrics: list[dict[str, Any]], dimensions: Any = None, **members: Any) -> str:
    directive = {"Namespace": "LastWish", "Dimensions": dimensions or [["service"]], "Metrics": metrics}
    return json.dumps({"_aws": {"Timestamp": 5000, "CloudWatchMetrics": [directive]}, "service": "worker", **members})


def values(text: str) -> list[tuple[str, float, dict[str, str]]]:
    return [(point.name, point.value, dict(point.dimensions)) for point in points(text)]


def test_a_line_gives_its_metrics_with_unit_and_time() -> None:
    text = line([{"Name": "Late", "Unit": "Count", "StorageResolution": 60}], Late=1)

    assert list(points(text)) == [Point("LastWish", (("service", "worker"),), "Late", "Count", 1.0, 5.0)]


def test_each_of_several_dimension_sets_gets_every_value() -> None:
    text = line([{"Name": "Refused"}], [["service"], ["service", "problem"], []], Refused=[1, 2], problem="too-long")

    both = {"service": "worker", "problem": "too-long"}
    assert values(text) == [("Refused", n, where) for where in ({"service": "worker"}, both, {}) for n in (1, 2)]


def test_several_metrics_and_directives_of_a_line_all_count() -> None:
    root = json.loads(line([{"Name": "A"}, {"Name": "B"}], A=1, B=2.5))
    root["_aws"]["CloudWatchMetrics"] *= 2

    assert [each[:2] for each in values(json.dumps(root))] == [("A", 1), ("B", 2.5)] * 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "START RequestId: 1",
        '{"message": "no metrics"}',
        '{"_aws": 1}',
        '{"_aws": {"Timestamp": 5000}}',
        '"_aws"',
        '{"_aws": ' + "[" * 50_000,
        line([{"Name": "Gone"}]),
        line([{"Name": "Late"}], Late="1"),
        line([{"Name": "Late"}], Late=True),
        line([{"Name": "Late"}], Late=None),
        line([{"Name": "Late"}], Late=float("nan")),
        line([{"Name": "Late"}], Late=[1] * 101),
        line([{"Name": "Late"}], Late=10**400),
        line([{"Name": "Late"}], Late=1).replace("5000", "1e300"),
        line([{"Name": "Late"}], Late=1).replace("5000", "-1"),
        line([{"Name": "Late"}], Late=1).replace("5000", str(10**400)),
        line([{"Name": 7}], Late=1),
        line([{"Name": "Late", "Unit": 5}], Late=1),
        line([{"Name": "Late"}], [["gone"]], Late=1),
        line([{"Name": "Late"}], [["number"]], Late=1, number=5),
        line([{"Name": "Late"}], ["service"], Late=1),
        line([{"Name": "Late"}], Late=1).replace("5000", '"5000"'),
        line([{"Name": "Late"}], Late=1).replace('"LastWish"', "null"),
    ],
    ids=lambda text: text[:40],
)
def test_a_line_that_breaks_the_rules_has_no_metrics(text: str) -> None:
    assert values(text) == []


def point(value: float, name: str = "Late", unit: str = "Count", at: float = 5.0) -> Point:
    return Point("LastWish", (("service", "worker"),), name, unit, value, at)


def drained(some: Iterable[Point], bound: int = 50_000) -> list[dict[str, Any]]:
    buffer = MetricBuffer(bound)
    buffer.add(some)
    return [datum for call in buffer.drain() for datum in call["MetricData"]]


def test_equal_values_of_an_interval_become_one_with_a_count() -> None:
    (datum,) = drained([point(0), point(1), point(0, at=4.1), point(0)])

    assert dict(zip(datum["Values"], datum["Counts"], strict=True)) == {0: 3, 1: 1}
    assert datum["Dimensions"] == [{"Name": "service", "Value": "worker"}]
    assert datum["Timestamp"].timestamp() == 4


def test_values_of_two_intervals_stay_apart() -> None:
    assert len(drained([point(1, at=4.0), point(1, at=6.0)])) == 2


def test_times_are_rounded_to_three_digits_and_counts_are_not() -> None:
    rounded = drained([point(1234.5, unit="Milliseconds"), point(1233.9, unit="Milliseconds")])

    assert rounded[0]["Values"] == [1230]
    assert drained([point(1234567)])[0]["Values"] == [1234567]


def test_no_datum_and_no_call_is_too_large() -> None:
    buffer = MetricBuffer()
    buffer.add(point(n) for n in range(2 * MAX_VALUES + 1))
    buffer.add(point(1, f"metric {n}") for n in range(2 * MAX_DATA))

    calls = list(buffer.drain())

    assert all(len(call["MetricData"]) <= MAX_DATA for call in calls)
    assert all(len(datum["Values"]) <= MAX_VALUES for call in calls for datum in call["MetricData"])
    assert (
        sum(len(datum["Values"]) for call in calls for datum in call["MetricData"]) == 2 * (MAX_VALUES + MAX_DATA) + 1
    )


def test_the_buffer_is_bounded_and_a_known_value_still_counts() -> None:
    buffer = MetricBuffer(bound=3)
    buffer.add(point(n) for n in (1, 2, 3, 4, 5, 1))

    ((datum,),) = [call["MetricData"] for call in buffer.drain()]

    assert (datum["Values"], datum["Counts"], buffer.dropped) == ([1, 2, 3], [2, 1, 1], 2)


def test_a_drained_buffer_is_empty() -> None:
    buffer = MetricBuffer()
    buffer.add([point(1)])
    list(buffer.drain())

    assert list(buffer.drain()) == []


@pytest.mark.parametrize(
    "odd",
    [
        point(1, at=1e300),
        point(1, at=-1e15),
        point(1, name=""),
        point(1, unit="\ud800"),
        Point("\ud800", (), "Late", "Count", 1, 5.0),
        Point("LastWish", (("service", "\ud800"),), "Late", "Count", 1, 5.0),
    ],
    ids=ascii,
)
def test_a_point_that_cannot_be_sent_is_counted_and_costs_no_other(odd: Point) -> None:
    buffer = MetricBuffer()
    buffer.add([point(1), odd, point(2, at=9.0)])

    (call,) = buffer.drain()

    assert [datum["Values"] for datum in call["MetricData"]] == [[1], [2]]
    assert buffer.dropped == 1
