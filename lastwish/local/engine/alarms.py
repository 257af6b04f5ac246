"""Evaluate alarms as CloudWatch does: dimensions, M of N, missing data; also while no metrics arrive.

MiniStack adds up the points of all dimensions of a metric, takes all evaluation periods as one, knows no
DatapointsToAlarm and no TreatMissingData, and evaluates only when metrics arrive. Rules: "Configuring how CloudWatch
alarms treat missing data", CloudWatch User Guide. Simpler than there: the last period ends now, and no older datapoint
replaces a missing one.
"""

import asyncio
import logging
import math
import operator
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from starlette.types import ASGIApp, Receive, Scope, Send

from lastwish.local.engine import metric_points
from lastwish.local.engine.pace import Pace
from lastwish.local.engine.patch import ministack_module, replace, require

log = logging.getLogger("lastwish.alarms")

INTERVAL = 5.0  # seconds between two evaluations by the clock
PACE = Pace()  # of all alarms of this engine

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def install() -> None:
    """Correct `ministack.services.cloudwatch`. Raises EngineChanged."""
    cloudwatch = ministack_module("services.cloudwatch")
    require(cloudwatch, "_metrics", "_alarms", "_dims_key", "_dims_from_list", "_calc_stats", "_stat_value")
    require(cloudwatch, "_record_history", "_dispatch_alarm_actions", "_evaluate_parent_alarms")
    metric_points.install(cloudwatch)
    schedule = _Schedule(cloudwatch)
    replace(cloudwatch, "_evaluate_alarm", lambda alarm: evaluate(cloudwatch, alarm))
    replace(cloudwatch, "_evaluate_all_alarms", lambda: schedule.evaluate())  # noqa: PLW0108 - the signature counts


def evaluate(cloudwatch: Any, alarm: dict[str, Any]) -> None:
    """Set an alarm to the state of its metric; on a change write its history, run its actions, evaluate its parents."""
    if not alarm.get("Namespace") or alarm.get("ComparisonOperator") not in _COMPARISONS:
        return  # metric math and anomaly bands: MiniStack has neither
    paced = PACE.applied(alarm)
    values = datapoints(cloudwatch, paced, time.time())
    old, new = alarm["StateValue"], state_of(paced, values)
    if new == old:
        return
    reason = _reason(paced, values)
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def datapoints(cloudwatch: Any, alarm: dict[str, Any], now: float) -> list[float | None]:
    """Return the statistic of each evaluation period up to now, oldest first; None for a period without points."""
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


def state_of(alarm: dict[str, Any], values: Sequence[float | None]) -> State:
    """Return the state that follows from the datapoints of the evaluation periods."""
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    present = [breaches(value, alarm.get("Threshold", 0)) for value in values if value is not None]
    missing, breaching = len(values) - len(present), sum(present)
    needed: int = alarm.get("DatapointsToAlarm") or len(values)
    treatment = alarm.get("TreatMissingData") or "missing"
    if treatment == "breaching":
        breaching += missing
    if treatment == "missing" and present:
        needed = min(needed, len(present))
    if breaching >= needed:
        return "ALARM"
    if treatment == "ignore" and all(present):  # the missing ones could make it an alarm
        state: State = alarm["StateValue"]
        return state
    return "OK" if present or treatment != "missing" else "INSUFFICIENT_DATA"


def _reason(alarm: dict[str, Any], values: Sequence[float | None]) -> str:
    listed = ", ".join("missing" if value is None else f"{value:g}" for value in values)
    return f"{alarm.get('DatapointsToAlarm') or len(values)} of {len(values)} datapoints count: [{listed}] against " + (
        f"{alarm['ComparisonOperator']} {alarm.get('Threshold', 0):g}"
    )


class _Schedule:
    """Evaluates alarms when they are due: those over long periods less often, since they read more points."""

    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch
        self._evaluated: dict[str, float] = {}

    def evaluate(self) -> None:
        """Evaluate each alarm that is due: every sixtieth of its period, at least once a minute as on AWS."""
        now = time.monotonic()
        for alarm in list(self._cloudwatch._alarms.values()):
            pause = min(PACE.applied(alarm).get("Period", 60) / 60, 60)
            if now - self._evaluated.get(alarm["AlarmArn"], -math.inf) >= pause:
                self._evaluated[alarm["AlarmArn"]] = now
                try:
                    self._cloudwatch._evaluate_alarm(alarm)
                except Exception:  # must fail neither the other alarms nor the PutMetricData that led here
                    log.exception("the alarm %s cannot be evaluated", alarm["AlarmName"])


def layer(app: ASGIApp, interval: float = INTERVAL) -> ASGIApp:
    """Return an ASGI layer that evaluates all alarms by the clock while the engine runs. Raises EngineChanged.

    Its task runs on the engine's own loop, which answers CloudWatch's calls too: no alarm is evaluated twice at once.
    """
    cloudwatch, scopes = ministack_module("services.cloudwatch"), ministack_module("core.responses")
    require(cloudwatch, "_alarms", "_evaluate_all_alarms")
    require(scopes, "request_scope", "AccountRegionScopedDict")
    require(scopes.AccountRegionScopedDict, "_data")

    async def evaluate_by_the_clock(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        clock = asyncio.create_task(_evaluate_for_ever(cloudwatch, scopes, interval))
        try:
            await app(scope, receive, send)
        finally:
            clock.cancel()

    return PACE.layer(evaluate_by_the_clock)


async def _evaluate_for_ever(cloudwatch: Any, scopes: Any, interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        try:
            evaluate_everywhere(cloudwatch, scopes)
        except Exception:
            log.exception("the alarms cannot be evaluated")


def evaluate_everywhere(cloudwatch: Any, scopes: Any) -> None:
    """Evaluate the alarms of every account and region: MiniStack shows each only its own."""
    for account, region in sorted({key[:2] for key in list(cloudwatch._alarms._data)}):
        with scopes.request_scope(account, region):
            cloudwatch._evaluate_all_alarms()
