"""Saved Logs Insights queries, in CloudWatch under the stack's name.

They read the fields of our log lines (src/infra/telemetry.py) and search the time range of the console.
"""

from dataclasses import dataclass

LOGS = ("FrontendLogs", "ConsoleLogs", "MissionLogs", "ParserLogs", "WorkerLogs", "ProjectorLogs")


@dataclass(frozen=True, slots=True)
class Query:
    """``lines`` are the commands of the query, in order; ``logs`` the log groups by logical id."""

    logical_id: str
    name: str
    lines: tuple[str, ...]
    logs: tuple[str, ...] = LOGS


_LINE = "fields @timestamp, service, level, message, outcome, reason, error"

QUERIES = (
    Query(
        "WishQuery",
        "one wish's story",
        (
            _LINE,
            'filter @message like "PUT A WISH ID HERE"',  # a line about a batch has wish_ids
            "sort @timestamp asc",
        ),
    ),
    Query(
        "ErrorsQuery",
        "errors around a time",
        (
            f"{_LINE}, wish_id, correlation_id",
            'filter level in ["WARNING", "ERROR", "CRITICAL"] or @message like /Task timed out|Runtime exited/',
            "sort @timestamp asc",
        ),
    ),
    Query(
        "SlowestQuery",
        "slowest boardings",
        (
            "fields @timestamp, late_s, wish_ids.0, wish_ids.1, outcome",
            'filter message = "wish recorded" and ispresent(late_s)',
            "sort late_s desc",
            "limit 50",
        ),
        ("WorkerLogs",),
    ),
    Query(
        "RefusalsQuery",
        "refusals by problem",
        (
            'filter message = "request refused"',
            "stats count(*) as refused by problem, bin(5m)",
            "sort refused desc",
        ),
        ("FrontendLogs", "ConsoleLogs", "MissionLogs"),
    ),
    Query(
        "ColdStartsQuery",
        "cold starts",
        (
            'filter @type = "REPORT" and ispresent(@initDuration)',
            "stats count(*) as starts, avg(@initDuration), pct(@initDuration, 95), max(@initDuration) by @log",
            "sort starts desc",
        ),
    ),
)
