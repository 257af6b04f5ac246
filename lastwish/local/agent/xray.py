"""Serve the X-Ray API on loopback, so that boto3 reads the agent's traces as on AWS."""

import json
import time
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lastwish.local.agent.filters import UnknownFilter, compile_filter
from lastwish.local.agent.segments import Malformed, parse
from lastwish.local.agent.traces import Summary, Trace, Traces
from lastwish.local.agent.validation import is_time

MAX_BODY = 4 * 1024 * 1024
MAX_TRACES = 5  # of one BatchGetTraces, as on AWS
PAGE = 200


class InvalidRequest(ValueError):  # noqa: N818 - named after X-Ray's InvalidRequestException
    """A request that X-Ray would refuse."""


def application(traces: Traces, counters: dict[str, int]) -> Starlette:
    """Return the ASGI application. It reports the counters at `GET /_lastwish/health`."""
    api = _Api(traces, counters)
    return Starlette(
        routes=[
            Route("/Traces", api.batch_get_traces, methods=["POST"]),
            Route("/TraceSummaries", api.get_trace_summaries, methods=["POST"]),
            Route("/TraceSegments", api.put_trace_segments, methods=["POST"]),
            Route("/_lastwish/traces", api.delete_traces, methods=["DELETE"]),
            Route("/_lastwish/health", api.health),
        ],
        exception_handlers={InvalidRequest: _invalid_request},
    )


class _Api:
    def __init__(self, traces: Traces, counters: dict[str, int]) -> None:
        self._traces, self._counters = traces, counters

    async def batch_get_traces(self, request: Request) -> Response:
        ids = (await _parameters(request)).get("TraceIds")
        if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids) or len(ids) > MAX_TRACES:
            raise InvalidRequest(f"TraceIds are up to {MAX_TRACES} trace ids")
        traces = self._traces.get(ids)
        missing = sorted(set(ids) - {trace.id for trace in traces})
        return _json({"Traces": [_trace(trace) for trace in traces], "UnprocessedTraceIds": missing})

    async def get_trace_summaries(self, request: Request) -> Response:
        parameters = await _parameters(request)
        try:
            matches = compile_filter(str(parameters.get("FilterExpression") or ""))
        except UnknownFilter as error:
            raise InvalidRequest(str(error)) from error
        summaries = await run_in_threadpool(self._traces.summaries, *_range(parameters))
        return _json(_page([summary for summary in summaries if matches(summary)], parameters.get("NextToken")))

    async def put_trace_segments(self, request: Request) -> Response:
        documents = (await _parameters(request)).get("TraceSegmentDocuments")
        if not isinstance(documents, list):
            raise InvalidRequest("TraceSegmentDocuments is a list of documents")
        unprocessed = [refusal for document in documents if (refusal := _put(self._traces, document))]
        return _json({"UnprocessedTraceSegments": unprocessed})

    async def delete_traces(self, _request: Request) -> Response:
        return _json({"gone": self._traces.clear()})

    async def health(self, _request: Request) -> Response:
        kept = {"traces": len(self._traces), "bytes": self._traces.size, "dropped": self._traces.dropped}
        return _json(kept | self._counters)


async def _parameters(request: Request) -> dict[str, Any]:
    """Return the parameters of a call. Raises InvalidRequest."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise InvalidRequest("the request is too large")
    try:
        parameters = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequest("the request is no JSON") from None
    if not isinstance(parameters, dict):
        raise InvalidRequest("the request is no object")
    return parameters


async def _invalid_request(_request: Request, error: Exception) -> Response:
    return _json({"Message": str(error)}, 400, {"x-amzn-errortype": "InvalidRequestException"})


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    # In ASCII: a document may hold half a surrogate pair, which UTF-8 cannot encode.
    return Response(json.dumps(content), status, headers, media_type="application/json")


def _range(parameters: dict[str, Any]) -> tuple[float, float]:
    start, end = parameters.get("StartTime"), parameters.get("EndTime")
    if not is_time(start) or not is_time(end):
        raise InvalidRequest("StartTime and EndTime are seconds of the epoch")
    if start > end:
        raise InvalidRequest("StartTime is after EndTime")
    return start, end


def _put(traces: Traces, document: object) -> dict[str, str] | None:
    try:
        traces.add(parse(document if isinstance(document, str) else ""))
    except Malformed as error:
        return {"ErrorCode": "MalformedSegment", "Message": str(error)}
    return None


def _trace(trace: Trace) -> dict[str, Any]:
    segments = [{"Id": each["id"], "Document": json.dumps(each)} for each in trace.documents()]
    return {"Id": trace.id, "Duration": trace.summary().duration, "LimitExceeded": False, "Segments": segments}


def _page(summaries: list[Summary], token: object) -> dict[str, Any]:
    """Return one page of summaries in order. A token is start and id of the last one on the page before."""
    if token is not None:
        if not isinstance(token, str):
            raise InvalidRequest("NextToken is a text from the page before")
        start, _, last = token.partition("/")
        summaries = [each for each in summaries if (f"{each.start:020.6f}", each.trace_id) > (start, last)]
    page, more = summaries[:PAGE], summaries[PAGE:]
    answer = {"TraceSummaries": [_summary(each) for each in page], "TracesProcessedCount": len(summaries)}
    answer["ApproximateTime"] = time.time()
    return answer | ({"NextToken": f"{page[-1].start:020.6f}/{page[-1].trace_id}"} if more else {})


def _summary(trace: Summary) -> dict[str, Any]:
    return {
        "Id": trace.trace_id,
        "StartTime": trace.start,
        "Duration": trace.duration,
        "ResponseTime": trace.response_time,
        "HasFault": trace.fault,
        "HasError": trace.error,
        "HasThrottle": trace.throttle,
        "IsPartial": trace.partial,
        "Http": trace.http,
        "Annotations": {
            key: [{"AnnotationValue": _annotation(value)} for value in values]
            for key, values in trace.annotations.items()
        },
    }


def _annotation(value: object) -> dict[str, object]:
    kind = {bool: "BooleanValue", str: "StringValue"}.get(type(value), "NumberValue")
    return {kind: value}
