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
            'filter wish_id = "PUT A WISH ID HERE"',
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
            'filter message in ["wish submitted", "wish recorded"]',
            "stats (max(@timestamp) - min(@timestamp)) / 1000 as seconds, count(*) as lines by wish_id",
            "filter lines = 2",
            "sort seconds desc",
            "limit 50",
        ),
        ("FrontendLogs", "WorkerLogs"),
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
