"""Alarms of the real MiniStack module, with our evaluation in it. Without the correction most of these fail."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lastwish.local.engine import alarms
from lastwish.local.engine.patch import ministack_module

Point = tuple[float, float]  # value, seconds ago


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module = ministack_module("services.cloudwatch")
    for name in ("_metric_bucket", "_evaluate_alarm", "_evaluate_all_alarms", "_evict_old_metrics"):
        monkeypatch.setattr(module, name, getattr(module, name))
    module.reset()
    alarms.install()
    yield module
    module.reset()


@pytest.fixture
def judged(cloudwatch: Any) -> Callable[..., str]:
    """State of an alarm on points of a worker, told as value and age in seconds."""

    def judge(*points: Point, service: str = "worker", **settings: Any) -> str:
        for value, ago in sorted(points, key=lambda point: -point[1]):
            put(cloudwatch, value, ago, service)
        return state(cloudwatch, **settings)

    return judge


def put(cloudwatch: Any, value: float, ago: float, service: str = "worker", unit: str = "Count") -> None:
    dimensions = [{"Name": "service", "Value": service}]
    datum = {"MetricName": "StoreRefused", "Dimensions": dimensions, "Value": value, "Unit": unit}
    data = {"Namespace": "LastWish", "MetricData": [datum | {"Timestamp": time.time() - ago}]}
    cloudwatch._put_metric_data({}, data, is_cbor=True)


def state(cloudwatch: Any, **settings: Any) -> str:
    """Put an alarm: the worker's StoreRefused at least 3, over one minute unless settings say otherwise."""
    alarm = {
        "AlarmName": "store-refuses",
        "Namespace": "LastWish",
        "MetricName": "StoreRefused",
        "Dimensions": [{"Name": "service", "Value": "worker"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 3,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    cloudwatch._put_metric_alarm({}, alarm | settings, is_cbor=True)
    return str(cloudwatch._alarms["store-refuses"]["StateValue"])


def test_points_of_the_metric_set_it_off(judged: Callable[..., str]) -> None:
    assert judged((2, 5), (1, 30)) == "ALARM"


def test_points_of_other_dimensions_do_not(judged: Callable[..., str]) -> None:
    assert judged((9, 5), service="parser", TreatMissingData="notBreaching") == "OK"


def test_an_alarm_without_dimensions_sees_none_that_have_them(judged: Callable[..., str]) -> None:
    assert judged((9, 5), Dimensions=[], TreatMissingData="notBreaching") == "OK"


def test_points_of_another_unit_do_not(cloudwatch: Any) -> None:
    put(cloudwatch, 9, 5, unit="Seconds")

    assert state(cloudwatch, Unit="Count", TreatMissingData="notBreaching") == "OK"


def test_each_period_counts_for_itself(judged: Callable[..., str]) -> None:
    assert judged((2, 5), (2, 65), EvaluationPeriods=2) == "OK"


def test_all_periods_must_breach_unless_it_says_otherwise(judged: Callable[..., str]) -> None:
    assert judged((5, 5), (1, 65), (5, 125), EvaluationPeriods=3) == "OK"


@pytest.mark.parametrize(("wanted", "expected"), [(1, "ALARM"), (2, "ALARM"), (3, "OK")])
def test_as_many_of_them_as_it_says_suffice(judged: Callable[..., str], wanted: int, expected: str) -> None:
    assert judged((5, 5), (1, 65), (5, 125), EvaluationPeriods=3, DatapointsToAlarm=wanted) == expected


@pytest.mark.parametrize(
    ("treatment", "nothing", "one_fine", "one_breaching"),
    [
        ("missing", "INSUFFICIENT_DATA", "OK", "ALARM"),
        ("notBreaching", "OK", "OK", "OK"),
        ("breaching", "ALARM", "ALARM", "ALARM"),
        ("ignore", "INSUFFICIENT_DATA", "OK", "INSUFFICIENT_DATA"),
    ],
)
def test_missing_data_are_what_it_says(
    cloudwatch: Any, treatment: str, nothing: str, one_fine: str, one_breaching: str
) -> None:
    settings = {"EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": treatment}
    found = [state(cloudwatch, **settings)]
    for value in (1, 5):
        cloudwatch.reset()
        put(cloudwatch, value, 65)
        found.append(state(cloudwatch, **settings))

    assert found == [nothing, one_fine, one_breaching]


def test_ignored_gaps_keep_an_alarm_on(cloudwatch: Any) -> None:
    put(cloudwatch, 5, 5)
    assert state(cloudwatch, TreatMissingData="ignore") == "ALARM"
    cloudwatch._metrics.clear()

    assert state(cloudwatch, TreatMissingData="ignore") == "ALARM"


def test_what_is_over_is_over(judged: Callable[..., str]) -> None:
    assert judged((9, 61), TreatMissingData="notBreaching") == "OK"


def test_a_point_that_came_after_a_newer_one_counts(cloudwatch: Any) -> None:
    put(cloudwatch, 2, 5)
    put(cloudwatch, 1, 35)

    assert state(cloudwatch) == "ALARM"


def test_points_that_come_very_late_hide_none(cloudwatch: Any) -> None:
    put(cloudwatch, 3, 5)
    for late in range(3000):
        put(cloudwatch, 0, 3600 + late % 7)

    assert state(cloudwatch) == "ALARM"


def test_a_percentile_can_be_watched(judged: Callable[..., str]) -> None:
    assert judged((1, 5), (1, 6), (9, 7), Statistic=None, ExtendedStatistic="p99") == "ALARM"
    assert judged(Statistic=None, ExtendedStatistic="p50") == "OK"


def test_metrics_that_arrive_are_enough_to_set_it_off_and_its_parents_follow(cloudwatch: Any) -> None:
    assert state(cloudwatch, TreatMissingData="notBreaching") == "OK"
    composite = {"AlarmName": "page", "AlarmRule": "ALARM(store-refuses)", "AlarmActions": []}
    cloudwatch._put_composite_alarm({}, composite, is_cbor=True)

    put(cloudwatch, 5, 0)

    assert cloudwatch._alarms["store-refuses"]["StateValue"] == "ALARM"
    assert cloudwatch._composite_alarms["page"]["StateValue"] == "ALARM"
    assert [entry["HistorySummary"] for entry in cloudwatch._history_entries() if entry["AlarmName"] == "page"]


def test_what_is_two_weeks_old_goes_and_the_rest_stays(cloudwatch: Any) -> None:
    put(cloudwatch, 1, cloudwatch.TWO_WEEKS_SECONDS + 60)
    put(cloudwatch, 2, 60)

    cloudwatch._evict_old_metrics()

    ((_, points),) = cloudwatch._metrics.items()
    assert [point["Value"] for point in points] == [2]


@pytest.mark.parametrize("late", [60.0, 3600.0])
def test_what_is_old_goes_though_it_came_late_and_nothing_else(cloudwatch: Any, late: float) -> None:
    old = float(cloudwatch.TWO_WEEKS_SECONDS)
    for value, ago in ((1, late), (2, old + 60), (3, 5.0), (4, old + 120)):
        put(cloudwatch, value, ago)

    cloudwatch._evict_old_metrics()

    ((_, points),) = cloudwatch._metrics.items()
    assert [point["Value"] for point in points] == [1, 3]


def age(cloudwatch: Any, seconds: float) -> None:
    """As if every point had come so much earlier, and nobody brought one since."""
    for points in cloudwatch._metrics.values():
        for point in points:
            point["Timestamp"] -= seconds


def test_the_clock_ends_an_alarm_that_nobody_brings_metrics_for(cloudwatch: Any) -> None:
    responses = ministack_module("core.responses")
    with responses.request_scope("111111111111", "eu-west-1"):
        put(cloudwatch, 5, 0)
        assert state(cloudwatch, TreatMissingData="notBreaching") == "ALARM"
        age(cloudwatch, 3600)
    assert (
        state(cloudwatch, TreatMissingData="breaching", Period=3600) == "ALARM"
    )  # another account's, of the same name

    async def engine(_scope: Any, _receive: Any, _send: Any) -> None:
        while find("111111111111", "eu-west-1") == "ALARM":
            await asyncio.sleep(0)

    def find(account: str, region: str) -> str:
        with responses.request_scope(account, region):
            return str(cloudwatch._alarms["store-refuses"]["StateValue"])

    asyncio.run(asyncio.wait_for(alarms.layer(engine, interval=0)({"type": "lifespan"}, None, None), 30))  # type: ignore[arg-type]

    assert find("111111111111", "eu-west-1") == "OK"
    assert cloudwatch._alarms["store-refuses"]["StateValue"] == "ALARM"


def test_an_alarm_that_cannot_be_evaluated_does_not_stop_the_clock(
    cloudwatch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[int] = []

    def failing() -> None:
        rounds.append(1)
        raise RuntimeError

    async def engine(_scope: Any, _receive: Any, _send: Any) -> None:
        while len(rounds) < 3:
            await asyncio.sleep(0)

    state(cloudwatch)
    monkeypatch.setattr(cloudwatch, "_evaluate_all_alarms", failing)

    asyncio.run(asyncio.wait_for(alarms.layer(engine, interval=0)({"type": "lifespan"}, None, None), 30))  # type: ignore[arg-type]


@pytest.fixture
def hurried() -> Iterator[None]:
    """Alarms run twelve times faster."""
    alarms.PACE.hold(12, 60)
    yield
    alarms.PACE.hold(1, 0)


@pytest.mark.usefixtures("hurried")
def test_at_a_faster_pace_periods_are_shorter_and_counts_stay(judged: Callable[..., str]) -> None:
    five_minutes = {"Period": 300, "TreatMissingData": "notBreaching"}
    assert judged((3, 26), **five_minutes) == "OK"
    assert judged((2, 24), **five_minutes) == "OK"
    assert judged((1, 23), **five_minutes) == "ALARM"


@pytest.mark.usefixtures("hurried")
def test_at_a_faster_pace_no_period_is_shorter_than_ten_seconds(judged: Callable[..., str]) -> None:
    assert judged((3, 9), Period=60) == "ALARM"


def test_a_pace_is_over_by_itself_and_changes_no_alarm(judged: Callable[..., str], cloudwatch: Any) -> None:
    alarms.PACE.hold(12, 0)
    assert judged((3, 250), Period=300) == "ALARM"
    assert cloudwatch._alarms["store-refuses"]["Period"] == 300
    assert alarms.PACE.times == 1


@pytest.mark.usefixtures("hurried")
def test_an_age_is_old_sooner_at_a_faster_pace() -> None:
    age = {"MetricName": "ApproximateAgeOfOldestMessage", "Period": 60, "Threshold": 300}
    assert alarms.PACE.applied(age) == age | {"Period": 10, "Threshold": 25}


@pytest.mark.parametrize(("times", "seconds"), [(0.5, 10), (61, 10), (12, 3601), (12, -1)])
def test_a_pace_out_of_bounds_is_refused(times: float, seconds: float) -> None:
    with pytest.raises(ValueError, match="a pace is"):
        alarms.PACE.hold(times, seconds)
