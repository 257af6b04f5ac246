"""What a stack used in the last hours, by CloudWatch's metrics: the same on AWS and on the laptop, which has fewer.

The engine measures invocations and their time. It has no metrics of polls that found nothing, of DynamoDB's units and
of logs: these are None there. What it writes as memory is not that of one function, and of concurrency it writes
nothing: there both are measured at the functions' processes.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lastwish.aws.clients import plain_errors
from lastwish.local.engine.functions import memory_mb
from lastwish.site import LocalSite, Site
from mission.cloudwatch import CloudWatch
from mission.metrics import SERIES, Statistic
from mission.slos import Metric

_PERIOD, _SHORT_PERIOD, _SHORT = 300, 60, timedelta(hours=3)  # seconds, and up to when the short one is taken
_OURS = ("accepted", "requests", "parsed", "worked", "recorded", "projected")
_FUNCTION, _LOGS = "AWS::Lambda::Function", "AWS::Logs::LogGroup"
_KINDS = {  # namespace, dimension, metrics
    _FUNCTION: ("AWS/Lambda", "FunctionName", ("Invocations", "Duration", "ConcurrentExecutions")),
    _LOGS: ("AWS/Logs", "LogGroupName", ("IncomingBytes",)),
    "AWS::SQS::Queue": ("AWS/SQS", "QueueName", ("NumberOfEmptyReceives",)),
    "AWS::DynamoDB::Table": ("AWS/DynamoDB", "TableName", ("ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits")),
}
_RECORDS = {"parser": "parsed", "worker": "worked"}
_MEMORY = re.compile(r"Max Memory Used: (\d+) MB")
_MOST_REPORTS = 1000  # of each function


@dataclass(frozen=True, slots=True)
class Function:
    """``seconds`` is the time of all invocations, ``records`` the messages in its batches. None: not measured.

    On a laptop ``concurrency`` is how many processes of it there are, and ``used_mb`` the most memory of one of them.
    """

    service: str
    invocations: int
    seconds: float
    memory_mb: int
    architecture: str
    records: float | None = None
    concurrency: float | None = None
    used_mb: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """``used`` has sums, None without a value. Wishes came within ``busy_s`` seconds, rounded up to periods."""

    used: dict[str, float | None]
    functions: list[Function]
    busy_s: int
    behind_cdn: bool

    def count(self, name: str) -> float:
        """Return one sum, 0 without a value."""
        return self.used.get(name) or 0

    def total(self, name: str) -> float | None:
        """Return the sum of a metric over all resources that have a value; None where none has."""
        values = [value for key, value in self.used.items() if key.endswith(f" {name}") and value is not None]
        return sum(values) if values else None


def read(site: Site, last: timedelta) -> Usage:
    """Read what a stack used. Raises AwsError, StackError."""
    now, period = datetime.now(UTC), _SHORT_PERIOD if last <= _SHORT else _PERIOD
    metrics: dict[str, Statistic] = {name: SERIES[name] for name in _OURS}
    ids = {kind: site.physical_ids(kind) for kind in _KINDS}
    for kind, (namespace, dimension, names) in _KINDS.items():
        for logical, physical in ids[kind].items():
            owner = {dimension: physical.rpartition("/")[2]}  # a queue's is a URL
            metrics |= {f"{logical} {name}": (Metric(namespace, name, owner), _statistic(name)) for name in names}
    with plain_errors():
        cloudwatch = CloudWatch(site.client("cloudwatch"), {"${AWS::StackName}": site.name, "${Stage}": site.stage})
        found = cloudwatch.statistics(metrics, now, last, period)
        used = {name: _combined(metrics[name][1], each.values()) for name, each in found.items()}
        lambdas = site.client("lambda")
        functions = [_function(lambdas, used, *names) for names in ids[_FUNCTION].items()]
        if isinstance(site, LocalSite):
            processes = memory_mb(site.state.pids["engine"])
            sizes = [processes.get(physical) for physical in ids[_FUNCTION].values()]
            pairs = zip(functions, sizes, strict=True)
            functions = [replace(each, concurrency=len(mb), used_mb=max(mb)) if mb else each for each, mb in pairs]
        else:
            logs = site.client("logs")
            functions = [replace(each, used_mb=_used_memory(logs, ids, each, now - last)) for each in functions]
    busy = sum(value > 0 for value in found["accepted"].values())
    behind_cdn = site.outputs.get("SiteUrl") not in (None, site.outputs.get("ApiUrl"))
    return Usage(used, [each for each in functions if each.invocations], period * busy, behind_cdn)


def _combined(statistic: str, values: Collection[float]) -> float | None:
    return (max if statistic == "Maximum" else sum)(values) if values else None


def _statistic(name: str) -> str:
    return "Maximum" if name == "ConcurrentExecutions" else "Sum"


def _function(lambdas: Any, used: dict[str, float | None], logical: str, physical: str) -> Function:
    service = logical.removesuffix("Function").lower()
    configured = lambdas.get_function_configuration(FunctionName=physical)
    return Function(
        service,
        int(used[f"{logical} Invocations"] or 0),
        (used[f"{logical} Duration"] or 0) / 1000,
        configured["MemorySize"],
        configured.get("Architectures", ["x86_64"])[0],
        used.get(_RECORDS.get(service, "")),
        used[f"{logical} ConcurrentExecutions"],
    )


def _used_memory(logs: Any, ids: Mapping[str, dict[str, str]], function: Function, since: datetime) -> int | None:
    """Return the most memory in MB, from the REPORT lines that Lambda writes."""
    group = ids[_LOGS][f"{function.service.capitalize()}Logs"]
    query: dict[str, Any] = {"logGroupName": group, "filterPattern": "REPORT"}
    pages = logs.get_paginator("filter_log_events")
    query |= {"startTime": int(since.timestamp() * 1000), "PaginationConfig": {"MaxItems": _MOST_REPORTS}}
    lines = [event["message"] for page in pages.paginate(**query) for event in page["events"]]
    return max((int(match[1]) for line in lines if (match := _MEMORY.search(line))), default=None)
