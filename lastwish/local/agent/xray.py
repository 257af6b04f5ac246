"""The X-Ray API on loopback, for boto3: what was received can be read as on AWS."""

import json
import time
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lastwish.local.agent.filters import UnknownFilter, compile_filter
from lastwish.local.agent.numbers import is_time
from lastwish.local.agent.segments import Malformed, parse
from lastwish.local.agent.traces import Summary, Trace, Traces

MAX_BODY = 4 * 1024 * 1024
MAX_TRACES = 5  # of one BatchGetTraces, as on AWS
PAGE = 200


class Invalid(ValueError):  # noqa: N818 - what the API answers with an InvalidRequestException
    """A request that X-Ray would refuse."""


def application(traces: Traces, counters: dict[str, int]) -> Starlette:
    """The ASGI application. The counters are shown at `GET /_lastwish/health`."""
    api = _Api(traces, counters)
    return Starlette(
        routes=[
            Route("/Traces", api.batch_get_traces, methods=["POST"]),
            Route("/TraceSummaries", api.get_trace_summaries, methods=["POST"]),
            Route("/TraceSegments", api.put_trace_segments, methods=["POST"]),
            Route("/_lastwish/traces", api.forget, methods=["DELETE"]),
            Route("/_lastwish/health", api.health),
        ],
        # A page of somebody else's, whose name was made to point at this machine, is none of ours.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        exception_handlers={Invalid: _refused},
    )


class _Api:
    def __init__(self, traces: Traces, counters: dict[str, int]) -> None:
        self._traces, self._counters = traces, counters

    async def batch_get_traces(self, request: Request) -> Response:
        ids = (await _asked(request)).get("TraceIds")
        if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids) or len(ids) > MAX_TRACES:
            raise Invalid(f"TraceIds are up to {MAX_TRACES} trace ids")
        found = self._traces.get(ids)
        missing = sorted(set(ids) - {trace.id for trace in found})
        return _json({"Traces": [_trace(each) for each in found], "UnprocessedTraceIds": missing})

    async def get_trace_summaries(self, request: Request) -> Response:
        asked = await _asked(request)
        try:
            matches = compile_filter(str(asked.get("FilterExpression") or ""))
        except UnknownFilter as error:
            raise Invalid(str(error)) from error
        found = await run_in_threadpool(self._traces.summaries, *_range(asked))
        return _json(_page([each for each in found if matches(each)], asked.get("NextToken")))

    async def put_trace_segments(self, request: Request) -> Response:
        documents = (await _asked(request)).get("TraceSegmentDocuments")
        if not isinstance(documents, list):
            raise Invalid("TraceSegmentDocuments is a list of documents")
        unprocessed = [refusal for each in documents if (refusal := _put(self._traces, each))]
        return _json({"UnprocessedTraceSegments": unprocessed})

    async def forget(self, _request: Request) -> Response:
        return _json({"gone": self._traces.clear()})

    async def health(self, _request: Request) -> Response:
        kept = {"traces": len(self._traces), "bytes": self._traces.size, "dropped": self._traces.dropped}
        return _json(kept | self._counters)


async def _asked(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Invalid("the request is too large")
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("the request is no JSON") from None
    if not isinstance(asked, dict):
        raise Invalid("the request is no object")
    return asked


async def _refused(_request: Request, error: Exception) -> Response:
    return _json({"Message": str(error)}, 400, {"x-amzn-errortype": "InvalidRequestException"})


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    # In ASCII: a document may hold half a surrogate pair, which no UTF-8 can say.
    return Response(json.dumps(content), status, headers, media_type="application/json")


def _range(asked: dict[str, Any]) -> tuple[float, float]:
    start, end = asked.get("StartTime"), asked.get("EndTime")
    if not is_time(start) or not is_time(end):
        raise Invalid("StartTime and EndTime are seconds of the epoch")
    if start > end:
        raise Invalid("StartTime is after EndTime")
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


def _page(found: list[Summary], token: object) -> dict[str, Any]:
    """One page of summaries. A token is the last trace of the page before: (start, id), as traces are in order."""
    if token is not None:
        if not isinstance(token, str):
            raise Invalid("NextToken is what the page before gave")
        start, _, last = token.partition("/")
        found = [each for each in found if (f"{each.start:020.6f}", each.trace_id) > (start, last)]
    page, more = found[:PAGE], found[PAGE:]
    answer = {"TraceSummaries": [_summary(each) for each in page], "TracesProcessedCount": len(found)}
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
