"""What logs and traces have of some wishes: the lines of `lastwish logs` and the hops of `lastwish trace`, for a page.

One look is bounded: few wishes, all at the same time, short timeouts, no second try.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from lastwish.aws.clients import Endpoint, engine_client, log_groups, physical_ids, plain_errors
from lastwish.aws.log_facts import words
from lastwish.errors import AwsError
from lastwish.local.state import STACK, State
from lastwish.local.typed import Typed
from mission.log_lines import Line
from mission.log_search import Query, search
from mission.waterfall import waterfall
from mission.xray import read_traces

AT_ONCE = 5  # wishes: as many traces as one BatchGetTraces gives
# Of a wish's logs, around its sending: the engine reads each line of that time.
_BEFORE, _AFTER = timedelta(seconds=5), timedelta(minutes=2)
_MOST_LINES = 30
_CALLS = AT_ONCE * 8  # at the same time: a search asks each function's log group, of which there are six
_SOON: dict[str, Any] = {"connect_timeout": 1, "read_timeout": 2, "retries": {"total_max_attempts": 1}}
_SOON |= {"max_pool_connections": _CALLS}
# The number of a layer on the page, by the log line (service and fact) and by the hop that prove it. The other layers
# have none: they work in a reader's browser.
_LINES = {("frontend", "sanitised"): 1, ("worker", "outcome"): 2}
_HOPS = {"frontend": 1, "EventStore": 2}


def look(state: State, wishes: Sequence[Typed]) -> list[dict[str, Any]]:
    """Return ``{"lines", "trace"}`` of up to AT_ONCE wishes, for the template.

    ``lines`` is None where the logs do not answer. ``trace`` is None where there is nothing of it, and ``"silent"``
    where the agent does not answer.
    """
    ids = [each.trace_id for each in wishes if each.trace_id]
    with ThreadPoolExecutor(2) as readers:
        logs, traces = readers.submit(_logs, state.aws, wishes), readers.submit(_traces, state.traces, ids)
    lines, found = logs.result(), traces.result()
    return [
        {
            "lines": None if lines is None else [_line(line) for line in lines[number]],
            "trace": "silent" if found is None else found.get(each.trace_id or ""),
        }
        for number, each in enumerate(wishes)
    ]


@cache
def _client(service: str, endpoint: Endpoint) -> Any:
    if not (endpoint.url and endpoint.key):  # boto3 would ask AWS itself
        raise AwsError("an older version started this stack")
    return engine_client(service, endpoint, **_SOON)


def _logs(engine: Endpoint, wishes: Sequence[Typed]) -> list[list[Line]] | None:
    def lines(wish: Typed) -> list[Line]:
        query = Query(wish.wish_id, wish.time - _BEFORE, wish.time + _AFTER, limit=_MOST_LINES)
        return search(logs, groups, query)[0]

    try:
        with plain_errors(), ThreadPoolExecutor(AT_ONCE) as readers:
            # Asked each time: an engine that was started again may have given the groups other names.
            groups = log_groups(physical_ids(_client("cloudformation", engine), STACK))
            logs = _client("logs", engine)
            return list(readers.map(lines, wishes))
    except AwsError:
        return None


def _traces(agent: Endpoint, trace_ids: list[str]) -> dict[str, dict[str, Any] | None] | None:
    try:
        with plain_errors():
            documents = read_traces(_client("xray", agent), trace_ids)
    except AwsError:
        return None
    return {trace_id: _trace(waterfall(trace_id, found)) for trace_id, found in documents.items()}


def _line(line: Line) -> dict[str, Any]:
    """Return what a page shows of a line: its facts without the ids, which are the same in each line."""
    proved = [layer for (service, fact), layer in _LINES.items() if line.service == service and line.facts.get(fact)]
    told = replace(line, facts={name: fact for name, fact in line.facts.items() if not name.endswith("_id")})
    at = line.time.astimezone().strftime("%H:%M:%S.%f")[:-3]  # the machine's own time, as `lastwish logs` prints it
    shown = {"at": at, "service": line.service, "level": line.level, "message": line.message, "facts": words(told)}
    return shown | {"proves": next(iter(proved), None)}


def _trace(trace: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a trace with its hops only, and their places in hundredths of the whole."""
    if trace is None:
        return None
    scale = 100 / max(trace["duration_ms"], 1)
    hops = [row for row in trace["segments"] if row["hop"]]
    for row in hops:
        row["proves"] = None if row["fault"] or row["error"] else _HOPS.get(row["hop"])  # a hop that failed did nothing
        row["from"] = min(99.0, row["offset_ms"] * scale)
        row["long"] = min(100 - row["from"], max(1.0, (row["duration_ms"] or 0) * scale))
    return trace | {"segments": hops}
