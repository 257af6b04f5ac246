"""Forget what was measured, at `DELETE /_lastwish/measurements`, for `lastwish reset --measurements`.

Metrics, log lines and the history of alarms go, and each alarm is as it is without data. Nobody is notified: what ended
an alarm is no recovery. CloudWatch has no call for any of that; on AWS all of it ages out.
"""

import time
from typing import Any

from starlette.types import ASGIApp

from lastwish.local.engine import alarms, metric_points, reports
from lastwish.local.engine.patch import ministack_module, require
from lastwish.local.engine.paths import MEASUREMENTS as PATH

REASON = "what was measured before has been cleared"


def layer(app: ASGIApp) -> ASGIApp:
    """Return an ASGI layer that answers PATH and passes every other request on. Raises EngineChanged."""
    cloudwatch, logs = ministack_module("services.cloudwatch"), ministack_module("services.cloudwatch_logs")
    require(cloudwatch, "_alarms", "_composite_alarms", "_composite_rule_state", "_composite_triggers")
    require(cloudwatch, "_alarm_history")
    require(logs, "_log_groups", "_log_records", "_log_events_lock")
    return reports.layer(app, PATH, lambda: forget(cloudwatch, logs), "DELETE")


def forget(cloudwatch: Any, logs: Any) -> dict[str, int]:
    """Forget all. Returns how many points and log lines there were, and how many alarms are in another state now."""
    log_lines = _forget_lines(logs)  # first: the agent reads metrics out of them
    return {"points": metric_points.forget(cloudwatch), "log_lines": log_lines, "alarms": _calm(cloudwatch)}


def _forget_lines(logs: Any) -> int:
    lines = 0
    with logs._log_events_lock:
        for group in logs._log_groups.values():
            for stream in group["streams"].values():
                lines += len(stream["events"])
                stream["events"] = []
    logs._log_records.clear()
    return lines


def _calm(cloudwatch: Any) -> int:
    """Set every alarm to its state without data, without a notification; composites after what they consist of."""
    before = {name: alarm["StateValue"] for name, alarm in _all(cloudwatch)}
    for alarm in cloudwatch._alarms.values():
        alarm["StateValue"] = "INSUFFICIENT_DATA"
        alarm["StateValue"] = alarms.state_of(alarm, [None] * alarm.get("EvaluationPeriods", 1))
    for alarm in cloudwatch._composite_alarms.values():
        alarm["StateValue"] = cloudwatch._composite_rule_state(alarm)
    changed = [alarm for name, alarm in _all(cloudwatch) if alarm["StateValue"] != before[name]]
    for alarm in changed:
        alarm.update(StateReason=REASON, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._composite_triggers.clear()
    cloudwatch._alarm_history.clear()
    return len(changed)


def _all(cloudwatch: Any) -> list[tuple[str, dict[str, Any]]]:
    return [*cloudwatch._alarms.items(), *cloudwatch._composite_alarms.items()]
