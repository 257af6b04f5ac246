"""Read which wishes a stack on AWS answered 202, from API Gateway's access log, which the chain does not write.

The access log knows requests and statuses, not wishes; the frontend's own log says which wish a request was about. Both
call a request by API Gateway's extended request id: a client chooses the plain one with a header, `X-Amzn-RequestId`.
Each line of the access log needs a line of the frontend of its own. A request that was answered 202 without one is
named by its id: the audit will miss it.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from lastwish.aws.clients import aws_client, physical_ids, plain_errors
from lastwish.errors import AwsError
from lastwish.promises import Promises

_GROUPS = ("AccessLogs", "FrontendLogs")
_PROMISES = ("202", "303")
_EARLIER = timedelta(minutes=1)
_LATE = timedelta(minutes=5)  # after which CloudWatch Logs has a line, nearly always


def source(stack: str, since: datetime | None = None) -> Callable[[], Promises]:
    """Return a function that reads the promises of a stack anew, all or those made since. Raises AwsError."""
    cloudformation = aws_client("cloudformation")
    groups = physical_ids(cloudformation, stack)
    if missing := [name for name in _GROUPS if name not in groups]:
        raise AwsError(f"stack {stack} has no {' and no '.join(missing)}: nothing tells what it answered 202")
    logs = aws_client("logs")
    since = since or datetime.now(UTC) - _kept(cloudformation, stack)
    return lambda: promises(logs, groups["AccessLogs"], groups["FrontendLogs"], since)


def promises(logs: Any, access_group: str, frontend_group: str, since: datetime) -> Promises:
    """Return the promises made since then, as far as the logs have them. Raises what boto3 raises."""
    until = datetime.now(UTC) - _LATE
    wishes: defaultdict[str, list[str]] = defaultdict(list)
    # The frontend logs a wish before the API logs its answer.
    for line in _lines(logs, frontend_group, '"wish submitted"', since - _EARLIER):
        if line.get("message") == "wish submitted":
            wishes[line["correlation_id"]].append(str(line["wish_id"]))
    wish_ids, unknown_ends = [], 0
    for line in _lines(logs, access_group, '"POST"', since):
        if line.get("method") != "POST" or line.get("path") != "/wishes":
            continue
        if line.get("status") in _PROMISES:
            request = line["extendedRequestId"]
            wish_ids.append(wishes[request].pop() if wishes[request] else f"request {request}")
        elif str(line.get("status")).startswith("5"):
            unknown_ends += 1
    return Promises(wish_ids, unknown_ends, since=since, until=until)


def _kept(cloudformation: Any, stack: str) -> timedelta:
    """Return how long the logs keep a line, by the stack's parameter. Raises AwsError."""
    with plain_errors():
        (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}
    return timedelta(days=int(parameters.get("LogRetentionDays", 1)))


def _lines(logs: Any, group: str, pattern: str, since: datetime) -> Iterator[dict[str, Any]]:
    asked = {"logGroupName": group, "filterPattern": pattern, "startTime": int(1000 * since.timestamp())}
    for page in logs.get_paginator("filter_log_events").paginate(**asked):
        for event in page["events"]:
            try:
                line = json.loads(event["message"])
            except ValueError:
                continue  # START, END and REPORT lines are Lambda's
            if isinstance(line, dict):
                yield line
