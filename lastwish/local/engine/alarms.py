"""Alarms as CloudWatch evaluates them, in the place of MiniStack's: dimensions, M of N, missing data.

MiniStack adds up the points of all dimensions of a metric, takes all evaluation periods as one, knows no
DatapointsToAlarm and no TreatMissingData. Rules: "Configuring how CloudWatch alarms treat missing data", CloudWatch
User Guide. Simpler than there: the last period ends now, and no older datapoint stands in for a missing one.
"""

import logging
import operator
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from lastwish.local.engine import points
from lastwish.local.engine.correcting import needs, part, replace

log = logging.getLogger("lastwish.alarms")

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def install() -> None:
    """Correct `ministack.services.cloudwatch`. Raises EngineChanged."""
    cloudwatch = part("services.cloudwatch")
    needs(cloudwatch, "_metrics", "_alarms", "_dims_key", "_dims_from_list", "_calc_stats", "_stat_value")
    needs(cloudwatch, "_record_history", "_dispatch_alarm_actions", "_evaluate_parent_alarms")
    points.install(cloudwatch)
    rounds = _Rounds(cloudwatch)
    replace(cloudwatch, "_evaluate_alarm", lambda alarm: evaluate(cloudwatch, alarm))
    replace(cloudwatch, "_evaluate_all_alarms", lambda: rounds.evaluate())  # noqa: PLW0108 - the signature counts


def evaluate(cloudwatch: Any, alarm: dict[str, Any]) -> None:
    """Give an alarm the state that its metric has now; tell history, actions and composite alarms of a change."""
    if not alarm.get("Namespace") or alarm.get("ComparisonOperator") not in _COMPARISONS:
        return  # metric math and anomaly bands, which MiniStack does not know either
    values = datapoints(cloudwatch, alarm, time.time())
    old, new = alarm["StateValue"], judge(alarm, values)
    if new == old:
        return
    reason = _reason(alarm, values)
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def datapoints(cloudwatch: Any, alarm: dict[str, Any], now: float) -> list[float | None]:
    """The statistic of each evaluation period up to now, oldest first; None where there is nothing to say."""
    period, count = alarm.get("Period", 60), alarm.get("EvaluationPeriods", 1)
    start = now - period * count
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    stored = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or []
    windows: list[list[Any]] = [[] for _ in range(count)]
    for point in reversed(stored):
        if point["Timestamp"] < start:
            break
        if point["Timestamp"] <= now and alarm.get("Unit") in (None, point["Unit"]):
            windows[min(int((point["Timestamp"] - start) // period), count - 1)].append(point)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    return [_statistic(cloudwatch, statistic, window) for window in windows]


def _statistic(cloudwatch: Any, statistic: str, points: list[Any]) -> float | None:
    stats = cloudwatch._calc_stats(points)
    value: float | None = cloudwatch._stat_value(stats, statistic, points) if stats else None
    return value


def judge(alarm: dict[str, Any], values: Sequence[float | None]) -> State:
    """The state that follows from the datapoints of the evaluation periods."""
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    real = [breaches(value, alarm.get("Threshold", 0)) for value in values if value is not None]
    missing, breaching = len(values) - len(real), sum(real)
    wanted: int = alarm.get("DatapointsToAlarm") or len(values)
    treatment = alarm.get("TreatMissingData") or "missing"
    if treatment == "breaching":
        breaching += missing
    if treatment == "missing" and real:
        wanted = min(wanted, len(real))
    if breaching >= wanted:
        return "ALARM"
    if treatment == "ignore" and all(real):  # nothing is missing that could not make it an alarm
        state: State = alarm["StateValue"]
        return state
    return "OK" if real or treatment != "missing" else "INSUFFICIENT_DATA"


def _reason(alarm: dict[str, Any], values: Sequence[float | None]) -> str:
    said = ", ".join("missing" if value is None else f"{value:g}" for value in values)
    return f"{alarm.get('DatapointsToAlarm') or len(values)} of {len(values)} decide: [{said}] against " + (
        f"{alarm['ComparisonOperator']} {alarm.get('Threshold', 0):g}"
    )


class _Rounds:
    """All alarms, on every PutMetricData and by the clock: the long ones less often, since they read more."""

    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch
        self._due: dict[str, float] = {}

    def evaluate(self) -> None:
        """Evaluate each alarm that is due: every sixtieth of its period, at least once a minute as on AWS."""
        now = time.monotonic()
        for alarm in list(self._cloudwatch._alarms.values()):
            if now >= self._due.get(alarm["AlarmArn"], 0.0):
                self._due[alarm["AlarmArn"]] = now + min(alarm.get("Period", 60) / 60, 60)
                try:
                    self._cloudwatch._evaluate_alarm(alarm)
                except Exception:  # the others, and whoever brought the metrics, have nothing to do with it
                    log.exception("the alarm %s cannot be evaluated", alarm["AlarmName"])
