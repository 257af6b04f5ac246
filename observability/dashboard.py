"""The CloudWatch dashboard: is the audience served, are the promises kept, and where in the chain is it stuck.

Rows from top to bottom; each begins with what it shows and the runbooks that help. CloudFormation fills in placeholders
such as ``${AWS::Region}``. Labels are plain: SAM CLI rewrites CloudWatch's own placeholders, such as
``${PROP('Dim.reason')}``, so each value of a dimension has a line of its own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mission.slos import BURNS, SLOS, WINDOW_DAYS, Metric, Slo
from observability.alarms import ALARMS, MINUTE
from observability.burn import WITH_BUDGET, composites
from observability.metrics import (
    FUNCTIONS,
    PROBLEMS,
    REASONS,
    api,
    cold_start,
    dimensions,
    function,
    function_id,
    ours,
    queue,
    table,
)

type Json = dict[str, Any]

_WIDTH, _HEIGHT, _HEAD = 24, 6, 2
_HOUR = 60 * MINUTE
_WHOLE_WINDOW: Json = {"start": f"-P{WINDOW_DAYS}D", "end": "P0D", "setPeriodToTimeRange": True}
_QUEUES = ("Inbox", "Pods")
_FUNCTIONS = tuple(map(function_id, ("frontend", "parser", "worker", "projector")))
_TABLES = ("EventStore", "ReadModel", "Seats")


@dataclass(frozen=True, slots=True)
class Row:
    """``runbooks`` by file name; ``widgets`` share the width."""

    title: str
    says: str
    runbooks: tuple[str, ...]
    widgets: tuple[Json, ...]
    height: int = _HEIGHT


def body() -> str:
    """The dashboard's JSON, a line for each metric."""
    printed, y = [], 0
    for row in rows():
        links = " | ".join(f"[{name}](${{RunbooksUrl}}{name}.md)" for name in row.runbooks)
        text = f"## {row.title}\n{row.says} {links}"
        printed.append(_printed({"type": "text", "properties": {"markdown": text}}, (0, y, _WIDTH, _HEAD)))
        width = _WIDTH // len(row.widgets)
        for n, widget in enumerate(row.widgets):
            printed.append(_printed(widget, (n * width, y + _HEAD, width, row.height)))
        y += _HEAD + row.height
    return '{"periodOverride": "inherit", "widgets": [\n' + ",\n".join(printed) + "]}"


def _printed(widget: Json, place: tuple[int, int, int, int]) -> str:
    """Each metric on a line of its own, so that a change of one shows as one."""
    properties = dict(widget["properties"])
    metrics = ",\n  ".join(json.dumps(each) for each in properties.pop("metrics", []))
    where = dict(zip(("x", "y", "width", "height"), place, strict=True))
    text = json.dumps({"type": widget["type"]} | where | {"properties": properties})
    return text.removesuffix("}}") + f', "metrics": [\n  {metrics}]}}}}' if metrics else text


def chart(title: str, *metrics: list[Any], stat: str = "Sum", period: int = MINUTE, **properties: Any) -> Json:
    """A chart over time; ``metrics`` as ``line``, ``math`` and ``search`` make them."""
    shown = {"title": title, "view": "timeSeries", "region": "${AWS::Region}", "stat": stat, "period": period}
    return {"type": "metric", "properties": shown | properties | {"metrics": list(metrics)}}


def line(metric: Metric, label: str, **options: Any) -> list[Any]:
    """A metric as dashboards write it: namespace, name, dimensions in turn, options."""
    named = [text for dimension in dimensions(metric).items() for text in dimension]
    return [metric.namespace, metric.name, *named, {"label": label} | options]


def percentiles(metric: Metric, *stats: str) -> list[list[Any]]:
    """A line for each of these statistics."""
    return [line(metric, stat, stat=stat) for stat in stats]


def math(expression: str, label: str) -> list[Any]:
    """What follows from lines by their ids."""
    return [{"expression": expression, "label": label}]


def rows() -> Sequence[Row]:
    """What the dashboard shows, the audience's part first."""
    return (_state(), _business(), _promises(), _door(), _queues(), _batches(), _stores())


def _state() -> Row:
    names = [*(alarm.name for alarm in ALARMS), *(alarm.name for alarm in composites())]
    prefix = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${MainStack}-"
    alarms = {"type": "alarm", "properties": {"title": "Alarms", "alarms": [prefix + name for name in names]}}
    says = "Each alarm names its runbook."
    return Row("${MainStack}", says, ("business-failure", "expired-credentials"), (alarms,), height=5)


def _business() -> Row:
    took = ours("SubmittedToBoarded", "worker")
    wishes = chart(
        "Wishes a minute",
        line(ours("Submitted", "frontend"), "sent"),
        line(ours("Accepted", "parser"), "accepted"),
        line(ours("Held", "parser"), "held"),
        line(ours("Boarded", "worker"), "boarded"),
        line(ours("Waitlisted", "worker"), "waiting list"),
    )
    refused = chart(
        "Rejected by reason, refused by problem",
        *[line(ours("Rejected", "parser", reason=each), f"rejected: {each}") for each in REASONS],
        *[line(ours("Refused", "frontend", problem=each), f"refused: {each}") for each in PROBLEMS],
    )
    odd = chart(
        "Markup typed, sent twice, seats left behind",
        line(ours("Sanitised", "frontend"), "sanitised"),
        line(ours("Duplicates", "worker"), "duplicates"),
        line(ours("SeatsLeaked", "worker"), "seats leaked"),
    )
    boarding = chart("From sent to boarded (ms)", *percentiles(took, "p50", "p95", "p99"))
    runbooks = ("html-injection", "duplicate-storm", "sold-out", "hot-destination", "latency-between-services")
    return Row("The audience", "What people get for their wishes.", runbooks, (wishes, refused, odd, boarding))


def _promises() -> Row:
    left = chart("Error budget left, 28 days", *_per_slo("1 - {id} / {budget}"), view="singleValue", **_WHOLE_WINDOW)
    marks = [{"label": burn.name, "value": burn.rate} for burn in BURNS]
    hour: Json = {"annotations": {"horizontal": marks}, "yAxis": {"left": {"min": 0}}}
    burning = chart("How fast it goes, by the hour (1 just lasts)", *_per_slo("{id} / {budget}"), period=_HOUR, **hour)
    dead = chart("Dead letters", *[line(each, _queue_of(each)) for each in _zero_loss().metrics], stat="Maximum")
    runbooks = ("business-failure", "pages-slow", "latency-between-services", "projector-stuck", "poison-message")
    return Row("The promises", "The objectives of docs/slo.md.", runbooks, (left, burning, dead))


def _per_slo(expression: str) -> list[list[Any]]:
    """For each objective with a budget its bad share, unseen, and what ``expression`` makes of it."""
    lines = []
    for n, slo in enumerate(WITH_BUDGET):
        (metric,) = slo.metrics
        budget = round(1 - slo.objective, 6)
        lines.append(line(metric, slo.name, id=f"bad{n}", stat="Average", visible=False))
        lines.append(math(expression.format(id=f"bad{n}", budget=budget), slo.title))
    return lines


def _zero_loss() -> Slo:
    return next(slo for slo in SLOS if slo.name == "zero-loss")


def _queue_of(metric: Metric) -> str:
    return metric.dimensions["QueueName"].removeprefix("${").removesuffix(".QueueName}")


def _door() -> Row:
    post = api("Latency", "POST", "/wishes")
    answers = chart("Answers", *[line(api(name), name) for name in ("Count", "4XXError", "5XXError")])
    latency = chart("POST of a wish (ms)", *percentiles(post, "p50", "p95", "p99"))
    slow = chart(
        "Share of slow answers",
        line(ours("SlowPage", "frontend"), "pages"),
        line(ours("SlowCall", "frontend"), "calls"),
        stat="Average",
    )
    failed = chart(
        "Answers that failed",
        line(ours("Unavailable", "frontend"), "503"),
        line(ours("Unexpected", "frontend"), "500"),
        line(function("Throttles", "FrontendFunction"), "no environment left"),
    )
    runbooks = ("pages-slow", "business-failure", "sqs-refuses", "venue-wifi")
    return Row("The door", "API Gateway and the frontend.", runbooks, (answers, latency, slow, failed))


def _queues() -> Row:
    visible, moving = "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"
    depth = [line(queue(visible, name), f"{name} waiting", stat="Maximum") for name in _QUEUES]
    depth += [line(queue(moving, name), f"{name} taken", stat="Maximum") for name in _QUEUES]
    age = [line(queue("ApproximateAgeOfOldestMessage", name), name) for name in _QUEUES]
    again = [
        line(ours(name, of), f"{name} {of}") for name in ("Retries", "DeadLettered") for of in ("parser", "worker")
    ]
    waiting = chart("Messages in the queues", *depth)
    oldest = chart("Age of the oldest (s)", *age, stat="Maximum")
    runbooks = ("slow-parser", "parser-crash-loop", "worker-crash-loop", "poison-message", "sqs-refuses")
    return Row("The queues", "Inbox and Pods.", runbooks, (waiting, oldest, chart("Tried again, given up", *again)))


def _batches() -> Row:
    errors = chart("Invocations that failed", *[line(function("Errors", name), name) for name in _FUNCTIONS])
    took = chart("Duration, p95 (ms)", *[line(function("Duration", name), name) for name in _FUNCTIONS], stat="p95")
    records = [line(ours("Records", each), each) for each in ("parser", "worker", "projector")]
    cold = [line(cold_start(each), each) for each in FUNCTIONS]
    charts = (errors, took, chart("Batch size, mean", *records, stat="Average"), chart("Cold starts", *cold))
    runbooks = ("parser-crash-loop", "worker-crash-loop", "projector-stuck", "slow-parser")
    return Row("The functions", "How they run.", runbooks, charts)


def _stores() -> Row:
    refused = [
        line(ours(name, service), f"{name} {service}")
        for service, names in {
            "frontend": ("StoreRefused", "StoreThrottled", "QueueRefused", "CredentialsRefused"),
            "parser": ("QueueRefused", "CredentialsRefused"),
            "worker": ("StoreRefused", "StoreThrottled", "QueueRefused", "CredentialsRefused"),
            "projector": ("StoreRefused", "StoreThrottled", "CredentialsRefused"),
        }.items()
        for name in names
    ]
    throttled = [line(table("WriteThrottleEvents", name), name) for name in _TABLES]
    written = [line(table("ConsumedWriteCapacityUnits", name), name) for name in _TABLES]
    fresh = [
        *percentiles(ours("CommitToWall", "projector"), "p50", "p99"),
        line(function("IteratorAge", "ProjectorFunction"), "age of the stream", stat="Maximum"),
    ]
    charts = (
        chart("What AWS refused us", *refused),
        chart("Writes throttled", *throttled),
        chart("Write units", *written),
        chart("From commit to read model (ms)", *fresh),
    )
    runbooks = (
        "store-refuses",
        "store-throttles",
        "hot-destination",
        "expired-credentials",
        "projector-stuck",
        "clock-skew",
    )
    return Row("The stores", "DynamoDB and the read model.", runbooks, charts)
