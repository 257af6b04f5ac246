"""Measurements of the real MiniStack modules are forgotten, and no alarm rings for what was before."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lastwish.local.engine import alarms, measurements
from lastwish.local.engine.patch import ministack_module

DIMENSIONS = [{"Name": "service", "Value": "worker"}]
ALARM = {
    "AlarmName": "store-refuses",
    "Namespace": "LastWish",
    "MetricName": "StoreRefused",
    "Dimensions": DIMENSIONS,
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 2,
    "DatapointsToAlarm": 1,
    "Threshold": 3,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}


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
def logs() -> Iterator[Any]:
    module = ministack_module("services.cloudwatch_logs")
    module.reset()
    yield module
    module.reset()


@pytest.fixture
def ringing(cloudwatch: Any) -> Any:
    """An alarm that is on, and a composite of it; both notify a topic."""
    put(cloudwatch, 5, ago=5)
    cloudwatch._put_metric_alarm({}, ALARM, is_cbor=True)
    composite = {"AlarmName": "page", "AlarmRule": "ALARM(store-refuses)", "AlarmActions": []}
    cloudwatch._put_composite_alarm({}, composite, is_cbor=True)
    assert states(cloudwatch) == ["ALARM", "ALARM"]
    return cloudwatch


def put(cloudwatch: Any, value: float, ago: float) -> None:
    datum = {"MetricName": "StoreRefused", "Dimensions": DIMENSIONS, "Value": value, "Unit": "Count"}
    data = {"Namespace": "LastWish", "MetricData": [datum | {"Timestamp": time.time() - ago}]}
    cloudwatch._put_metric_data({}, data, is_cbor=True)


def states(cloudwatch: Any) -> list[str]:
    return [
        cloudwatch._alarms["store-refuses"]["StateValue"],
        cloudwatch._composite_alarms["page"]["StateValue"],
    ]


def test_points_and_history_go_and_every_alarm_is_as_without_data(ringing: Any, logs: Any) -> None:
    assert measurements.forget(ringing, logs) == {"points": 1, "log_lines": 0, "alarms": 2}

    assert states(ringing) == ["OK", "OK"]
    assert not list(ringing._metrics)
    assert not list(ringing._history_entries())


def test_nobody_is_notified_of_a_recovery(ringing: Any, logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    notified: list[object] = []
    monkeypatch.setattr(ringing, "_dispatch_alarm_actions", lambda *about: notified.append(about))

    measurements.forget(ringing, logs)
    ringing._evaluate_alarm(ringing._alarms["store-refuses"])

    assert not notified


def test_what_was_measured_before_and_comes_later_sets_no_alarm_off(ringing: Any, logs: Any) -> None:
    measurements.forget(ringing, logs)

    put(ringing, 9, ago=10)

    assert states(ringing) == ["OK", "OK"]


def test_what_is_measured_afterwards_counts(ringing: Any, logs: Any) -> None:
    measurements.forget(ringing, logs)

    put(ringing, 9, ago=0)
    ringing._evaluate_alarm(ringing._alarms["store-refuses"])

    assert states(ringing) == ["ALARM", "ALARM"]


def test_an_engine_that_begins_has_forgotten_nothing(ringing: Any, logs: Any) -> None:
    measurements.forget(ringing, logs)
    alarms.install()

    put(ringing, 9, ago=10)
    ringing._evaluate_alarm(ringing._alarms["store-refuses"])

    assert states(ringing) == ["ALARM", "ALARM"]


@pytest.mark.parametrize("treatment", ["missing", "ignore", "breaching"])
def test_an_alarm_follows_its_own_rule_for_missing_data(ringing: Any, logs: Any, treatment: str) -> None:
    ringing._alarms["store-refuses"]["TreatMissingData"] = treatment

    measurements.forget(ringing, logs)

    assert states(ringing) == (["ALARM", "ALARM"] if treatment == "breaching" else ["INSUFFICIENT_DATA", "OK"])


def test_log_lines_go_and_their_groups_and_streams_take_new_ones(cloudwatch: Any, logs: Any) -> None:
    name = {"logGroupName": "worker"}
    logs._create_log_group(name)
    logs._create_log_stream(name | {"logStreamName": "one"})

    def say(text: str) -> None:
        event = {"timestamp": int(time.time() * 1000), "message": text}
        logs._put_log_events(name | {"logStreamName": "one", "logEvents": [event]})

    say("before")
    assert measurements.forget(cloudwatch, logs)["log_lines"] == 1
    say("after")

    _, _, body = logs._filter_log_events(name)
    assert [event["message"] for event in json.loads(body)["events"]] == ["after"]


@pytest.mark.parametrize(("method", "answer"), [("DELETE", 200), ("GET", "/_lastwish/measurements")])
@pytest.mark.usefixtures("cloudwatch", "logs")
def test_only_a_delete_forgets_anything(method: str, answer: object) -> None:
    answered: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        answered.append(scope["path"])

    async def send(message: Any) -> None:
        answered.append(message.get("status"))

    scope = {"type": "http", "method": method, "path": measurements.PATH}
    asyncio.run(measurements.layer(app)(scope, None, send))  # type: ignore[arg-type]

    assert answered[0] == answer
