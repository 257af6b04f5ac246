"""Mission control's overview of the last half hour.

Each part is read by itself, so that the page always shows the rest: a part that cannot be read is null, and named.
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
from mission.errors import Origins
from mission.map import hops_of, read_hops
from mission.metrics import SERIES, TOTALS
from mission.slos import SLOS, WINDOW_DAYS, Slo, budget_left
from mission.xray import annotation_values, read_summaries, start_of

_STEP, _STEPS = 60, 30  # seconds, and how many of them
_QUEUES = ("Inbox", "Pods", "Projector")
_CACHED_FOR = timedelta(seconds=30)
_HALF_HOUR, _DAY = timedelta(seconds=_STEP * _STEPS), timedelta(days=1)
_AGE_STEPS = 5  # an age from before that is no longer that of the oldest message
_SLOW_OR_FAILED = "responsetime > 1 OR fault = true OR error = true"
_MOST_TRACES = 50
_DEPTHS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

type Series = dict[str, list[float | None]]
type Depth = tuple[int | None, int | None]


class Overview:
    """Reads CloudWatch, SQS and X-Ray."""

    def __init__(self, cloudwatch: CloudWatch, sqs: Any, xray: Any, settings: MissionSettings) -> None:
        self._cloudwatch, self._sqs, self._xray, self._settings = cloudwatch, sqs, xray, settings
        self._cache: dict[str, tuple[datetime, Any]] = {}
        self._origins = Origins(xray)

    def read(self, now: datetime) -> dict[str, Any]:
        """Return the JSON of docs/http.md. Does not raise when a part cannot be read.

        All parts are read at once, so that one that hangs does not delay the others.
        """
        until = now.replace(second=0, microsecond=0) + timedelta(seconds=_STEP)  # the last minute is not full yet
        parts: dict[str, Callable[[], Any]] = {
            "series": lambda: self._series(until),
            "totals": lambda: self._cached("totals", now, lambda: self._totals(until)),
            "queues": lambda: {name: (self._depths(name), self._depths(f"{name}Dlq")) for name in _QUEUES},
            "slos": lambda: self._cached("slos", now, lambda: self._slos(until)),
            "alarms": self._alarms,
            "traces": self._slow_or_failed,
            "hops": lambda: read_hops(self._xray, self._settings.traced_services, now),
        }
        with ThreadPoolExecutor(len(parts)) as readers:
            read = dict(zip(parts, readers.map(_read, parts, parts.values()), strict=True))
        missing = [name for name in parts if read[name] is None]
        if depths := read["queues"]:
            read["queues"] = [_queue(name, depths[name], read["series"] or {}) for name in _QUEUES]
        times = {"now": timestamp(now), "from": timestamp(until - _HALF_HOUR), "step_s": _STEP}
        return {**times, **read, "missing": missing}

    def _cached(self, name: str, now: datetime, read: Callable[[], Any]) -> Any:
        """Read a part that changes slowly at most twice a minute: each metric read from CloudWatch costs."""
        cached = self._cache.get(name)
        if cached is None or now - cached[0] > _CACHED_FOR:
            cached = self._cache[name] = (now, read())
        return cached[1]

    def _totals(self, until: datetime) -> dict[str, int]:
        return {name: _sum(values) for name, values in self._cloudwatch.statistics(TOTALS, until, _DAY, 3600).items()}

    def _series(self, until: datetime) -> Series:
        steps = [until - timedelta(seconds=_STEP * ago) for ago in range(_STEPS, 0, -1)]
        # A counter without a value is 0; a measurement without a value is unknown.
        missing = {name: 0 if statistic == "Sum" else None for name, (_, statistic) in SERIES.items()}
        data = self._cloudwatch.statistics(SERIES, until, _HALF_HOUR, _STEP)
        return {name: [values.get(step, missing[name]) for step in steps] for name, values in data.items()}

    def _depths(self, queue: str) -> Depth:
        url = self._settings.queues.get(queue)
        if url is None:  # the projector reads a stream, not a queue
            return None, None
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=_DEPTHS)["Attributes"]
        return int(attributes[_DEPTHS[0]]), int(attributes[_DEPTHS[1]])

    def _slos(self, until: datetime) -> list[dict[str, Any]]:
        metrics = {
            (slo.name, statistic, number): (metric, statistic)
            for slo in SLOS
            if slo.objective < 1
            for number, metric in enumerate(slo.metrics)
            for statistic in ("Sum", "SampleCount")
        }
        data = self._cloudwatch.statistics(metrics, until, WINDOW_DAYS * _DAY, 86_400)

        def total(slo: Slo, statistic: str) -> int:
            return sum(_sum(values) for key, values in data.items() if key[:2] == (slo.name, statistic))

        return [
            _budget(slo, total(slo, "Sum"), total(slo, "SampleCount"))
            if slo.objective < 1
            else _budget(slo, *[self._dead_now(slo, until)] * 2)
            for slo in SLOS
        ]

    def _dead_now(self, slo: Slo, until: datetime) -> int:
        """Return how many dead letters there are, by the latest minute of each queue."""
        metrics = {number: (metric, "Maximum") for number, metric in enumerate(slo.metrics)}
        data = self._cloudwatch.statistics(metrics, until, timedelta(minutes=_AGE_STEPS), _STEP)
        return round(sum(values[max(values)] for values in data.values() if values))

    def _alarms(self) -> list[dict[str, Any]]:
        prefix = f"{self._settings.stack_name}/"  # which no other stack's name begins with
        known = self._cloudwatch.alarms(prefix)
        hops = hops_of(known)
        alarms = [_alarm(alarm, prefix) | {"hop": hops[alarm["AlarmName"]]} for alarm in known]
        return sorted(alarms, key=lambda alarm: (alarm["state"] != "ALARM", alarm["signal"], alarm["name"]))

    def _slow_or_failed(self) -> list[dict[str, Any]]:
        found = read_summaries(self._xray, self._settings.traced_services, timedelta(minutes=10), _SLOW_OR_FAILED)
        shown = [summary for summary in found if _is_worth_showing(summary)][:_MOST_TRACES]
        return [_trace(*each) for each in zip(shown, self._origins.find(shown), strict=True)]


def _read(part: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (BotoCoreError, ClientError) as error:
        logger.warning("mission control cannot read", extra={"part": part, "reason": error_code(error)})
        return None


def _queue(name: str, depths: tuple[Depth, Depth], series: Series) -> dict[str, Any]:
    ages = [age for age in series.get(f"{name.lower()}_age", [])[-_AGE_STEPS:] if age is not None]
    (visible, in_flight), dead = depths[0], sum(depth or 0 for depth in depths[1])  # some may be in flight
    oldest = ages[-1] if ages else None
    return {"name": name, "visible": visible, "in_flight": in_flight, "oldest_s": oldest, "dead": dead}


def _sum(values: Mapping[datetime, float]) -> int:
    return round(sum(values.values()))


def _budget(slo: Slo, bad: int, total: int) -> dict[str, Any]:
    objective = {"name": slo.name, "title": slo.title, "objective": slo.objective, "window_days": WINDOW_DAYS}
    left = round(budget_left(bad, total, slo.objective), 9)  # one bad event of a million must show
    return {**objective, "bad": bad, "total": total, "budget_left": left}


def _alarm(alarm: dict[str, Any], prefix: str) -> dict[str, Any]:
    description, _, runbook = alarm.get("AlarmDescription", "").partition("Runbook: ")
    return {
        "name": alarm["AlarmName"].removeprefix(prefix),
        "state": alarm["StateValue"],
        "since": timestamp(alarm["StateUpdatedTimestamp"]),
        "reason": alarm.get("StateReason", ""),
        "description": description.strip(),
        "runbook": runbook.rstrip(" .") or None,
        "signal": not alarm.get("AlarmActions"),  # one window of a burn-rate alarm: only its composite notifies
    }


def _is_worth_showing(summary: dict[str, Any]) -> bool:
    """Return false for mission control itself, and for errors that are usual.

    X-Ray calls every 4xx an error, also that of an early receipt, and every condition that did not hold, also that of a
    double tap.
    """
    failed = summary.get("HasFault") or summary.get("HasThrottle")
    status = summary.get("Http", {}).get("HttpStatus", 0)
    is_usual = not failed and (status == HTTPStatus.NOT_FOUND or status < HTTPStatus.BAD_REQUEST)
    is_slow = summary.get("ResponseTime", 0) > 1
    return "mission" not in annotation_values(summary, "Service") and (is_slow or not is_usual)


def _trace(summary: dict[str, Any], origin: dict[str, Any] | None) -> dict[str, Any]:
    wishes = annotation_values(summary, "wish_id")
    return {
        "trace_id": summary["Id"],
        "wish_id": wishes[0] if len(wishes) == 1 else None,
        "started": timestamp(start_of(summary)),
        "duration_ms": round(1000 * summary.get("Duration", 0)),
        "fault": summary.get("HasFault", False),
        "error": summary.get("HasError", False),
        "throttled": summary.get("HasThrottle", False),
        "origin": origin,
    }
