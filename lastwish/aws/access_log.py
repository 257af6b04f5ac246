"""Read which wishes a stack on AWS answered 202, from API Gateway's access log, which the chain does not write.

The access log knows requests and statuses, not wishes; the frontend's own log says which wish a request was about. A
request that was answered 202 without such a line is named by its request id: the audit will miss it.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from lastwish.aws.clients import aws_client, physical_ids
from lastwish.errors import AwsError

_GROUPS = ("AccessLogs", "FrontendLogs")
_PROMISES = ("202", "303")
_EARLIER = timedelta(minutes=1)


def source(stack: str, since: datetime | None = None) -> Callable[[], list[str]]:
    """Return a function that reads the promises of a stack anew, all or those made since. Raises AwsError."""
    groups = physical_ids(aws_client("cloudformation"), stack)
    if missing := [name for name in _GROUPS if name not in groups]:
        raise AwsError(f"stack {stack} has no {' and no '.join(missing)}: nothing tells what it answered 202")
    logs = aws_client("logs")
    return lambda: promised(logs, groups["AccessLogs"], groups["FrontendLogs"], since)


def promised(logs: Any, access_group: str, frontend_group: str, since: datetime | None = None) -> list[str]:
    """Return the ids of wishes answered 202 (or 303, a form): all that the logs still have, or those since then."""
    accepted = {
        line["requestId"]
        for line in _lines(logs, access_group, '"POST"', since)
        if line.get("method") == "POST" and line.get("status") in _PROMISES
    }
    earlier = since and since - _EARLIER  # the frontend logs a wish before the API logs its answer
    wishes = {
        line["correlation_id"]: str(line["wish_id"])
        for line in _lines(logs, frontend_group, '"wish submitted"', earlier)
        if line.get("message") == "wish submitted"
    }
    return [wishes.get(request, f"request {request}") for request in sorted(accepted)]


def _lines(logs: Any, group: str, pattern: str, since: datetime | None) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {"logGroupName": group, "filterPattern": pattern}
    if since:
        asked["startTime"] = int(1000 * since.timestamp())
    pages = logs.get_paginator("filter_log_events").paginate(**asked)
    for page in pages:
        for event in page["events"]:
            try:
                line = json.loads(event["message"])
            except ValueError:
                continue  # START, END and REPORT lines are Lambda's
            if isinstance(line, dict):
                yield line
