"""Traces from X-Ray's API: on AWS its own, on the laptop that of the local agent."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import TransientError
from infra.aws import error_code

_PAGINATION = {"MaxItems": 500}
_MOST_TRACES = 5  # of one BatchGetTraces


class TracesUnavailable(TransientError):  # noqa: N818
    """X-Ray did not answer, or refused for too many requests."""


def read_documents(
    client: Any, trace_id: str, wish_id: str | None = None, services: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Return every segment of a trace, in any order; none for an unknown trace. Raises TracesUnavailable.

    With a wish id, leave out segments of other wishes: on AWS the sender of a wish may choose its trace id. With
    services, a trace that passes none of them is unknown: X-Ray has those of all stacks of the account.
    """
    try:
        documents = read_traces(client, [trace_id])[trace_id]
    except (BotoCoreError, ClientError) as error:
        raise TracesUnavailable(error_code(error)) from error
    if services is not None and not any(document["name"] in services for document in documents):
        return []
    return [document for document in documents if wish_id in (None, _wish_id(document) or wish_id)]


def read_traces(client: Any, trace_ids: Sequence[str]) -> defaultdict[str, list[dict[str, Any]]]:
    """Return every segment of each trace, in any order. Raises what botocore raises."""
    documents = defaultdict[str, list[dict[str, Any]]](list)
    for some in batched(trace_ids, _MOST_TRACES, strict=False):
        for page in client.get_paginator("batch_get_traces").paginate(TraceIds=some):
            for trace in page["Traces"]:
                documents[trace["Id"]] += [json.loads(segment["Document"]) for segment in trace["Segments"]]
    return documents


def _wish_id(document: dict[str, Any]) -> Any:
    annotations = document.get("annotations")
    return annotations.get("wish_id") if isinstance(annotations, dict) else None


def read_summaries(client: Any, services: Collection[str], last: timedelta, expression: str) -> list[dict[str, Any]]:
    """Return traces that pass one of a stack's services and match a filter expression, newest first.

    They began within the ``last`` span, at most six hours. Raises what botocore raises.
    """
    now = datetime.now(UTC)
    ours = " OR ".join(f'service("{name}")' for name in sorted(services))
    query = {"StartTime": now - last, "EndTime": now, "FilterExpression": f"({ours}) AND ({expression})"}
    pages = client.get_paginator("get_trace_summaries").paginate(**query, PaginationConfig=_PAGINATION)
    return sorted((trace for page in pages for trace in page["TraceSummaries"]), key=start_of, reverse=True)


def start_of(summary: dict[str, Any]) -> datetime:
    """Return the start of a trace. Its id has it, to the second, where the summary does not."""
    return summary.get("StartTime") or datetime.fromtimestamp(int(summary["Id"].split("-")[1], 16), UTC)


def annotation_values(summary: dict[str, Any], name: str) -> list[str]:
    """Return the texts of one annotation of a trace's segments."""
    return [value["AnnotationValue"].get("StringValue", "") for value in summary.get("Annotations", {}).get(name, [])]


def console_url(region: str) -> str:
    """Return the URL of traces in the X-Ray console; append ``/`` and an id for one trace."""
    return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#xray:traces"
