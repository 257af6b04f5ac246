"""CloudWatch dashboard: the audience, the objectives, and then the chain part by part.

Each row begins with a title and links to its runbooks. CloudFormation fills in placeholders such as ``${AWS::Region}``.
Labels are plain text: SAM CLI rewrites CloudWatch's placeholders such as ``${PROP('Dim.reason')}``. So each value of a
dimension has its own line.
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
    custom,
    function,
    function_id,
    nested,
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
    """A row of widgets, which share the width. ``runbooks`` are file names without ``.md``."""

    title: str
    text: str
    runbooks: tuple[str, ...]
    widgets: tuple[Json, ...]
    height: int = _HEIGHT


def body() -> str:
    """Return the dashboard's JSON, with a line of text for each metric."""
    widgets, y = [], 0
    for row in rows():
        links = " | ".join(f"[{name}](${{RunbooksUrl}}{name}.md)" for name in row.runbooks)
        head = {"markdown": f"## {row.title}\n{row.text} {links}"}
        widgets.append(_json({"type": "text", "properties": head}, (0, y, _WIDTH, _HEAD)))
        width = _WIDTH // len(row.widgets)
        for n, widget in enumerate(row.widgets):
            widgets.append(_json(widget, (n * width, y + _HEAD, width, row.height)))
        y += _HEAD + row.height
    return '{"periodOverride": "inherit", "widgets": [\n' + ",\n".join(widgets) + "]}"


def _json(widget: Json, grid: tuple[int, int, int, int]) -> str:
    """Return a widget at its x, y, width and height, each metric on its own line, so that a diff shows one metric."""
    properties = dict(widget["properties"])
    metrics = ",\n  ".join(json.dumps(metric) for metric in properties.pop("metrics", []))
    cells = dict(zip(("x", "y", "width", "height"), grid, strict=True))
    text = json.dumps({"type": widget["type"]} | cells | {"properties": properties})
    return text.removesuffix("}}") + f', "metrics": [\n  {metrics}]}}}}' if metrics else text


def chart(title: str, *metrics: list[Any], stat: str = "Sum", period: int = MINUTE, **properties: Any) -> Json:
    """Return a chart over time of metrics as ``line`` and ``math`` make them. ``period`` is in seconds."""
    defaults = {"title": title, "view": "timeSeries", "region": "${AWS::Region}", "stat": stat, "period": period}
    return {"type": "metric", "properties": defaults | properties | {"metrics": list(metrics)}}


def line(metric: Metric, label: str, **options: Any) -> list[Any]:
    """Return a metric as dashboards write it: namespace, name, each dimension's name and value, options."""
    metric = nested(metric)
    pairs = [text for pair in metric.dimensions.items() for text in pair]
    return [metric.namespace, metric.name, *pairs, {"label": label} | options]


def percentiles(metric: Metric, *stats: str) -> list[list[Any]]:
    """Return a line for each of these statistics of a metric."""
    return [line(metric, stat, stat=stat) for stat in stats]


def math(expression: str, label: str) -> list[Any]:
    """Return a line that is computed from other lines by their ids."""
    return [{"expression": expression, "label": label}]


def rows() -> Sequence[Row]:
    """Return the rows of the dashboard, from top to bottom."""
    return (_alarms(), _audience(), _objectives(), _api(), _queues(), _functions(), _stores())


def _alarms() -> Row:
    names = [*(alarm.name for alarm in ALARMS), *(alarm.name for alarm in composites())]
    prefix = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${MainStack}/"
    alarms = {"type": "alarm", "properties": {"title": "Alarms", "alarms": [prefix + name for name in names]}}
    text = "The description of each alarm names its runbook."
    return Row("${MainStack}", text, ("business-failure", "expired-credentials"), (alarms,), height=5)


def _audience() -> Row:
    latency = custom("SubmittedToBoarded", "worker")
    wishes = chart(
        "Wishes a minute",
        line(custom("Submitted", "frontend"), "sent"),
        line(custom("Accepted", "parser"), "accepted"),
        line(custom("Held", "parser"), "held"),
        line(custom("Boarded", "worker"), "boarded"),
        line(custom("Waitlisted", "worker"), "waiting list"),
    )
    refused = chart(
        "Rejected by reason, refused by problem",
        *[line(custom("Rejected", "parser", reason=reason), f"rejected: {reason}") for reason in REASONS],
        *[line(custom("Refused", "frontend", problem=problem), f"refused: {problem}") for problem in PROBLEMS],
    )
    unusual = chart(
        "Markup, duplicates, leaked seats",
        line(custom("Sanitised", "frontend"), "sanitised"),
        line(custom("Duplicates", "worker"), "duplicates"),
        line(custom("SeatsLeaked", "worker"), "seats leaked"),
    )
    boarding = chart("From sent to boarded (ms)", *percentiles(latency, "p50", "p95", "p99"))
    runbooks = ("html-injection", "duplicate-storm", "sold-out", "hot-destination", "latency-between-services")
    return Row(
        "The audience", "What becomes of the wishes that people send.", runbooks, (wishes, refused, unusual, boarding)
    )


def _objectives() -> Row:
    left = chart(
        f"Error budget left, {WINDOW_DAYS} days", *_per_slo("1 - {id} / {budget}"), view="singleValue", **_WHOLE_WINDOW
    )
    marks = [{"label": burn.name, "value": burn.rate} for burn in BURNS]
    hour: Json = {"annotations": {"horizontal": marks}, "yAxis": {"left": {"min": 0}}}
    burning = chart(
        "Burn rate, hourly (at 1 the budget just lasts)", *_per_slo("{id} / {budget}"), period=_HOUR, **hour
    )
    dead = chart("Dead letters", *[line(metric, _queue_of(metric)) for metric in _zero_loss().metrics], stat="Maximum")
    runbooks = ("business-failure", "pages-slow", "latency-between-services", "projector-stuck", "poison-message")
    return Row("The objectives", "See docs/slo.md.", runbooks, (left, burning, dead))


def _per_slo(expression: str) -> list[list[Any]]:
    """Return two lines for each objective with a budget: its bad share, not drawn, and ``expression`` of that."""
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


def _api() -> Row:
    post = api("Latency", "POST", "/wishes")
    answers = chart("Answers", *[line(api(name), name) for name in ("Count", "4XXError", "5XXError")])
    latency = chart("POST of a wish (ms)", *percentiles(post, "p50", "p95", "p99"))
    slow = chart(
        "Share of slow answers",
        line(custom("SlowPage", "frontend"), "pages"),
        line(custom("SlowCall", "frontend"), "calls"),
        stat="Average",
    )
    failed = chart(
        "Answers that failed",
        line(custom("Unavailable", "frontend"), "503"),
        line(custom("Unexpected", "frontend"), "500"),
        line(function("Throttles", "FrontendFunction"), "no environment left"),
    )
    runbooks = ("pages-slow", "business-failure", "sqs-refuses", "venue-wifi")
    return Row("The API", "API Gateway and the frontend.", runbooks, (answers, latency, slow, failed))


def _queues() -> Row:
    visible, in_flight = "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"
    depth = [line(queue(visible, name), f"{name} waiting", stat="Maximum") for name in _QUEUES]
    depth += [line(queue(in_flight, name), f"{name} in flight", stat="Maximum") for name in _QUEUES]
    age = [line(queue("ApproximateAgeOfOldestMessage", name), name) for name in _QUEUES]
    failed = [
        line(custom(name, service), f"{name} {service}")
        for name in ("Retries", "DeadLettered")
        for service in ("parser", "worker")
    ]
    charts = (
        chart("Messages in the queues", *depth),
        chart("Age of the oldest message (s)", *age, stat="Maximum"),
        chart("Retries and dead letters", *failed),
    )
    runbooks = ("slow-parser", "parser-crash-loop", "worker-crash-loop", "poison-message", "sqs-refuses")
    return Row("The queues", "Inbox and Pods.", runbooks, charts)


def _functions() -> Row:
    failed = [line(function("Errors", name), name) for name in _FUNCTIONS]
    failed += [line(function("Throttles", name), f"{name} throttled") for name in _FUNCTIONS]
    errors = chart("Invocations that failed", *failed)
    duration = chart("Duration, p95 (ms)", *[line(function("Duration", name), name) for name in _FUNCTIONS], stat="p95")
    records = [line(custom("Records", service), service) for service in ("parser", "worker", "projector")]
    cold = [line(cold_start(service), service) for service in FUNCTIONS]
    charts = (errors, duration, chart("Batch size, mean", *records, stat="Average"), chart("Cold starts", *cold))
    runbooks = ("parser-crash-loop", "worker-crash-loop", "projector-stuck", "slow-parser", "functions-throttled")
    return Row("The functions", "Errors, duration, batches and cold starts.", runbooks, charts)


def _stores() -> Row:
    refused = [
        line(custom(name, service), f"{name} {service}")
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
        *percentiles(custom("CommitToWall", "projector"), "p50", "p99"),
        line(function("IteratorAge", "ProjectorFunction"), "age of the stream", stat="Maximum"),
    ]
    charts = (
        chart("Calls that AWS refused", *refused),
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
