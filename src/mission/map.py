"""The chain, hop by hop: how long each took, and how often it failed, in a sample of the newest wishes' traces.

X-Ray's own service graph would mix the stacks of an account: two of them name their hops alike. Traces of one stack
can be told apart, so the hops are added up from those.
"""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.envelope import timestamp
from infra.slos import CALL_WITHIN, PROJECTED_WITHIN, STORED_WITHIN
from mission.waterfall import waterfall
from mission.xray import read_summaries, read_traces

# Each hop with the time of the objective that it can break alone: a hop is slow when its p95 is longer.
HOPS = {
    **dict.fromkeys(("API", "frontend"), CALL_WITHIN),
    **dict.fromkeys(("Inbox", "parser", "Pods", "worker", "EventStore"), STORED_WITHIN),
    "projector": PROJECTED_WITHIN,
}
SENT_WITHIN = timedelta(minutes=10)  # a wish that is tried again may be this old
ENDED_WITHIN = timedelta(minutes=2)  # what was mended longer ago hurts nobody any more
SENDING = 'http.method = "POST" AND http.url ENDSWITH "/wishes"'
MOST_WISHES = 40  # of a sample: X-Ray charges for each trace that is read, and gives five at once
_MOST_TRACES = 5  # shown of each hop
_SHOWN = ("trace_id", "wish_id", "started", "duration_ms", "fault")

# Metrics that a function counts about what it calls; all others are about the function.
_CALLED = {
    ("StoreRefused", "worker"): "EventStore",
    ("StoreThrottled", "worker"): "EventStore",
    ("QueueRefused", "frontend"): "Inbox",
    ("QueueRefused", "parser"): "Pods",
}
_NAMED = re.compile(r"(?:^|-)(?:([A-Z][a-z]+)Function|((?:Inbox|Pods|Projector)(?:Dlq)?|EventStore|ReadModel))(?:-|$)")

type Row = dict[str, Any]


def read_hops(xray: Any, services: Collection[str], now: datetime) -> list[dict[str, Any]]:
    """Return the hops as in docs/http.md. Raises what botocore raises."""
    found = read_summaries(xray, services, SENT_WITHIN, SENDING)
    sample = [summary["Id"] for summary in found[:: math.ceil(len(found) / MOST_WISHES) or 1]]
    drawn = (waterfall(trace_id, documents) for trace_id, documents in read_traces(xray, sample).items())
    return hops(filter(None, drawn), (now - ENDED_WITHIN).timestamp())


def hops(traces: Iterable[dict[str, Any]], since: float) -> list[dict[str, Any]]:
    """Add up waterfalls by hop. Only what ended after ``since`` counts, in seconds of the epoch."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for trace in traces:
        for row in trace["segments"]:
            if row["hop"] and (row["end"] or 0) >= since:
                started = timestamp(datetime.fromtimestamp(row["start"], UTC))
                about = {key: trace[key] for key in ("trace_id", "wish_id")}
                rows[row["hop"]].append(row | about | {"started": started})
    return [_hop(name, rows[name]) for name in HOPS]


def _hop(name: str, rows: list[Row]) -> dict[str, Any]:
    times = sorted(row["duration_ms"] for row in rows)
    worst = sorted(rows, key=lambda row: (not row["fault"], -row["duration_ms"]))
    return {
        "name": name,
        "seen": len(rows),
        "failed": sum(row["fault"] for row in rows),
        "p50_ms": _percentile(times, 0.5),
        "p95_ms": _percentile(times, 0.95),
        "within_ms": HOPS[name] // timedelta(milliseconds=1),
        "traces": [{key: row[key] for key in _SHOWN} for row in worst[:_MOST_TRACES]],
    }


def _percentile(times: list[int], share: float) -> int | None:
    """Return the smallest value that is not below this share of them (the nearest rank)."""
    return times[math.ceil(share * len(times)) - 1] if times else None


def hops_of(alarms: Iterable[dict[str, Any]]) -> dict[str, str | None]:
    """Return the hop that each alarm of CloudWatch is about, by its name.

    A metric alarm is about its metric's owner, where each dead-letter queue is a hop of its own; a composite alarm is
    about the hop of its parts.
    """
    found, composites = {}, {}
    for alarm in alarms:
        if rule := alarm.get("AlarmRule"):
            composites[alarm["AlarmName"]] = rule
        else:
            found[alarm["AlarmName"]] = _owner(alarm)
    parts = list(found.items())
    return found | {name: next((hop for part, hop in parts if part in rule), None) for name, rule in composites.items()}


def _owner(alarm: dict[str, Any]) -> str | None:
    dimensions: dict[str, str] = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", ())}
    if service := dimensions.get("service"):
        return _CALLED.get((alarm["MetricName"], service), service)
    if "ApiName" in dimensions:
        return "API"
    for match in filter(None, map(_NAMED.search, dimensions.values())):
        return str(match[2] or match[1].lower())
    return None
