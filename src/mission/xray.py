"""Traces, as X-Ray tells them: on AWS its own API, on the laptop the same from the local agent."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import TransientError
from infra.aws import error_code

_MOST = {"MaxItems": 500}


class TracesUnavailable(TransientError):  # noqa: N818
    """X-Ray did not answer, or wants fewer questions."""


def documents(client: Any, trace_id: str, wish_id: str | None = None) -> list[dict[str, Any]]:
    """Every segment of a trace, in any order; none where nothing is known of it. Raises TracesUnavailable.

    Given a wish, without those that are another's: on AWS whoever sends a wish may choose the trace that it belongs to.
    """
    try:
        pages = client.get_paginator("batch_get_traces").paginate(TraceIds=[trace_id])
        segments = [segment for page in pages for trace in page["Traces"] for segment in trace["Segments"]]
    except (BotoCoreError, ClientError) as error:
        raise TracesUnavailable(error_code(error)) from error
    found = [json.loads(segment["Document"]) for segment in segments]
    return [each for each in found if wish_id in (None, _about(each) or wish_id)]


def _about(document: dict[str, Any]) -> Any:
    annotations = document.get("annotations")
    return annotations.get("wish_id") if isinstance(annotations, dict) else None


def summaries(client: Any, last: timedelta, expression: str) -> list[dict[str, Any]]:
    """Traces of the last while (six hours at most) that the filter expression finds, newest first.

    Raises what botocore raises.
    """
    now = datetime.now(UTC)
    query = {"StartTime": now - last, "EndTime": now, "FilterExpression": expression, "PaginationConfig": _MOST}
    pages = client.get_paginator("get_trace_summaries").paginate(**query)
    return sorted((each for page in pages for each in page["TraceSummaries"]), key=began, reverse=True)


def began(summary: dict[str, Any]) -> datetime:
    """When a trace began: its id says it to the second where the summary does not."""
    return summary.get("StartTime") or datetime.fromtimestamp(int(summary["Id"].split("-")[1], 16), UTC)


def annotated(summary: dict[str, Any], name: str) -> list[str]:
    """The texts that a trace's segments have under this annotation."""
    return [each["AnnotationValue"].get("StringValue", "") for each in summary.get("Annotations", {}).get(name, [])]


def console_url(region: str) -> str:
    """Where the X-Ray console shows traces; with ``/`` and an id behind it, one of them."""
    return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#xray:traces"
