"""Mission control's picture of the last half hour.

Each part is read on its own, so that the page always shows the rest: what cannot be read is null, and named.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.envelope import timestamp
from infra.aws import error_code
from infra.settings import MissionSettings
from infra.telemetry import logger
from mission.cloudwatch import CloudWatch
from mission.metrics import SERIES, TOTALS
from mission.slos import SLOS, WINDOW_DAYS, Slo, budget_left
from mission.xray import annotated, began, summaries

_STEP, _STEPS = 60, 30  # seconds, and how many of them
_QUEUES = ("Inbox", "Pods", "Projector")
_KEPT = timedelta(seconds=30)
_HALF_HOUR, _DAY = timedelta(seconds=_STEP * _STEPS), timedelta(days=1)
_LATELY = 5  # steps after which an age is no longer that of the oldest message
_SLOW_OR_FAILED = "responsetime > 1 OR fault = true OR error = true"
_MOST_TRACES = 20
_DEPTHS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

type Series = dict[str, list[float | None]]
type Depth = tuple[int | None, int | None]


class MissionControl:
    """Asks CloudWatch, SQS and X-Ray."""

    def __init__(self, cloudwatch: CloudWatch, sqs: Any, xray: Any, settings: MissionSettings) -> None:
        self._cloudwatch, self._sqs, self._xray, self._settings = cloudwatch, sqs, xray, settings
        self._known: dict[str, tuple[datetime, Any]] = {}

    def view(self, now: datetime) -> dict[str, Any]:
        """The JSON of docs/http.md. Raises nothing because a part cannot be read.

        All parts are read at once: who waits for one that hangs waits for no other.
        """
        until = now.replace(second=0, microsecond=0) + timedelta(seconds=_STEP)  # the last minute is not full yet
        parts: dict[str, Callable[[], Any]] = {
            "series": lambda: self._series(until),
            "totals": lambda: self._kept("totals", now, lambda: self._totals(until)),
            "queues": lambda: {name: (self._depths(name), self._depths(f"{name}Dlq")) for name in _QUEUES},
            "slos": lambda: self._kept("slos", now, lambda: self._slos(until)),
            "alarms": self._alarms,
            "traces": self._slow_or_failed,
        }
        with ThreadPoolExecutor(len(parts)) as readers:
            seen = dict(zip(parts, readers.map(_read, parts, parts.values()), strict=True))
        missing = [name for name in parts if seen[name] is None]
        if depths := seen["queues"]:
            seen["queues"] = [_queue(name, depths[name], seen["series"] or {}) for name in _QUEUES]
        times = {"now": timestamp(now), "from": timestamp(until - _HALF_HOUR), "step_s": _STEP}
        return {**times, **seen, "missing": missing}

    def _kept(self, name: str, now: datetime, read: Callable[[], Any]) -> Any:
        """What changes little is asked for twice a minute: each metric that CloudWatch is asked for costs."""
        known = self._known.get(name)
        if known is None or now - known[0] > _KEPT:
            known = self._known[name] = (now, read())
        return known[1]

    def _totals(self, until: datetime) -> dict[str, int]:
        return {name: _sum(found) for name, found in self._cloudwatch.data(TOTALS, until, _DAY, 3600).items()}

    def _series(self, until: datetime) -> Series:
        steps = [until - timedelta(seconds=_STEP * ago) for ago in range(_STEPS, 0, -1)]
        # Nothing counted is nought; nothing measured is not.
        nothing = {name: 0 if statistic == "Sum" else None for name, (_, statistic) in SERIES.items()}
        data = self._cloudwatch.data(SERIES, until, _HALF_HOUR, _STEP)
        return {name: [found.get(step, nothing[name]) for step in steps] for name, found in data.items()}

    def _depths(self, queue: str) -> Depth:
        url = self._settings.queues.get(queue)
        if url is None:  # what the projector reads is a stream
            return None, None
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=_DEPTHS)["Attributes"]
        return int(found[_DEPTHS[0]]), int(found[_DEPTHS[1]])

    def _slos(self, until: datetime) -> list[dict[str, Any]]:
        wanted = {
            (slo.name, statistic, number): (metric, statistic)
            for slo in SLOS
            for number, metric in enumerate(slo.metrics)
            for statistic in ("Sum", "SampleCount")
        }
        data = self._cloudwatch.data(wanted, until, WINDOW_DAYS * _DAY, 86_400)

        def total(slo: Slo, statistic: str) -> int:
            return sum(_sum(found) for key, found in data.items() if key[:2] == (slo.name, statistic))

        return [_budget(slo, total(slo, "Sum"), total(slo, "SampleCount")) for slo in SLOS]

    def _alarms(self) -> list[dict[str, Any]]:
        prefix = f"{self._settings.stack_name}-"
        found = [_alarm(each, prefix) for each in self._cloudwatch.alarms(prefix)]
        return sorted(found, key=lambda alarm: (alarm["state"] != "ALARM", alarm["signal"], alarm["name"]))

    def _slow_or_failed(self) -> list[dict[str, Any]]:
        found = summaries(self._xray, timedelta(minutes=10), _SLOW_OR_FAILED)
        return [_trace(each) for each in found if _is_news(each)][:_MOST_TRACES]


def _read(part: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (BotoCoreError, ClientError) as error:
        logger.warning("mission control cannot read", extra={"part": part, "reason": error_code(error)})
        return None


def _queue(name: str, depths: tuple[Depth, Depth], series: Series) -> dict[str, Any]:
    ages = [age for age in series.get(f"{name.lower()}_age", [])[-_LATELY:] if age is not None]
    (visible, in_flight), dead = depths[0], sum(each or 0 for each in depths[1])  # somebody may look at some just now
    oldest = ages[-1] if ages else None
    return {"name": name, "visible": visible, "in_flight": in_flight, "oldest_s": oldest, "dead": dead}


def _sum(values: Mapping[datetime, float]) -> int:
    return round(sum(values.values()))


def _budget(slo: Slo, bad: int, total: int) -> dict[str, Any]:
    promised = {"name": slo.name, "title": slo.title, "objective": slo.objective, "window_days": WINDOW_DAYS}
    left = round(budget_left(bad, total, slo.objective), 9)  # one of a million bad is not none
    return {**promised, "bad": bad, "total": total, "budget_left": left}


def _alarm(alarm: dict[str, Any], prefix: str) -> dict[str, Any]:
    description, _, runbook = alarm.get("AlarmDescription", "").partition("Runbook: ")
    return {
        "name": alarm["AlarmName"].removeprefix(prefix),
        "state": alarm["StateValue"],
        "since": timestamp(alarm["StateUpdatedTimestamp"]),
        "reason": alarm.get("StateReason", ""),
        "description": description.strip(),
        "runbook": runbook.strip(" .") or None,
        "signal": not alarm.get("AlarmActions"),  # a window of a burn-rate alarm: only the whole tells somebody
    }


def _is_news(summary: dict[str, Any]) -> bool:
    """Not mission control itself. And X-Ray calls every 4xx an error, also a receipt that asked a little early, and a
    condition that did not hold in the way of a wish that went through, such as a double tap."""
    failed = summary.get("HasFault") or summary.get("HasThrottle")
    status = summary.get("Http", {}).get("HttpStatus", 0)
    usual = not failed and (status == HTTPStatus.NOT_FOUND or status < HTTPStatus.BAD_REQUEST)
    return "mission" not in annotated(summary, "Service") and (not usual or summary.get("ResponseTime", 0) > 1)


def _trace(summary: dict[str, Any]) -> dict[str, Any]:
    wishes = annotated(summary, "wish_id")
    return {
        "trace_id": summary["Id"],
        "wish_id": wishes[0] if len(wishes) == 1 else None,
        "started": timestamp(began(summary)),
        "duration_ms": round(1000 * summary.get("Duration", 0)),
        "fault": summary.get("HasFault", False),
        "error": summary.get("HasError", False),
        "throttled": summary.get("HasThrottle", False),
    }
