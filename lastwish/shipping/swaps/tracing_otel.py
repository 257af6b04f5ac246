"""Traces by OpenTelemetry, in the place of infra/tracing.py: same names, same documents, no X-Ray SDK.

Spans are the SDK's. They leave as X-Ray's segment documents for the daemon that Lambda runs beside each traced
function, so X-Ray, its annotations and all that reads them stay as they are. A span that continues another process
(SERVER: the function, CONSUMER: a wish, PRODUCER: its time in a queue) is a document; what it calls lies in it.
"""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags
from wrapt import wrap_function_wrapper

from domain.errors import LastWishError
from infra.telemetry import frames, logger

_HEADER = b'{"format": "json", "version": 1}\n'
_MOST_CALLS = 30  # in one document; X-Ray takes 64 KB
_OFF = ("AWS_SAM_LOCAL", "POWERTOOLS_TRACE_DISABLED")


class _Documents(SpanProcessor):
    """Sends each span that ends with all below it as one document, unless they are many."""

    def __init__(self) -> None:
        self._below: dict[int, list[dict[str, Any]]] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def on_end(self, span: ReadableSpan) -> None:
        document, parent = _document(span), span.parent
        if below := self._below.pop(int(document["id"], 16), []):
            document["subsegments"] = below
        if parent is None or parent.is_remote:
            self._send(document)
            return
        waiting = self._below.setdefault(parent.span_id, [])
        waiting.append(document)
        if len(waiting) > _MOST_CALLS:
            for each in self._below.pop(parent.span_id):
                self._send(each)

    def _send(self, document: dict[str, Any]) -> None:
        host, _, port = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000").rpartition(":")
        with suppress(OSError):  # nobody waits for a trace
            self._socket.sendto(_HEADER + json.dumps(document).encode(), (host, int(port)))


def _document(span: ReadableSpan) -> dict[str, Any]:
    """Return a span as "AWS X-Ray segment documents" (X-Ray Developer Guide) describe it."""
    context, told = span.context, dict(span.attributes or {})
    status, origin = told.pop("http.response.status_code", None), told.pop("origin", None)
    aws = {name[4:]: told.pop(name) for name in list(told) if name.startswith("aws.")}
    document = {
        "id": f"{context.span_id:016x}",
        "trace_id": _root(context),
        "parent_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "name": span.name,
        "start_time": (span.start_time or 0) / 1e9,
        "end_time": (span.end_time or 0) / 1e9,
        "type": "subsegment" if span.kind in (SpanKind.SERVER, SpanKind.CLIENT) else None,
        "namespace": "aws" if aws else None,
        "aws": aws,
        "origin": origin,
        "annotations": told,
        "http": {"response": {"status": status}} if status else None,
        "error": isinstance(status, int) and 400 <= status < 500,
        "throttle": status == 429,
    }
    if exceptions := [json.loads(str((event.attributes or {})["cause"])) for event in span.events]:
        document |= {"fault": True, "cause": {"exceptions": exceptions, "working_directory": ""}}
    return {name: value for name, value in document.items() if value}


def _record(span: Span, error: BaseException) -> None:
    """Record an error as a fault: class and stack, and its text only if it is one of ours; others may quote a person.

    A failed condition is a normal response.
    """
    if type(error).__name__ == "ConditionalCheckFailedException":
        return
    message = str(error) if isinstance(error, LastWishError) else ""
    cause = {"id": os.urandom(8).hex(), "type": type(error).__name__, "message": message, "stack": frames(error)}
    span.set_status(trace.StatusCode.ERROR)
    span.add_event("exception", {"cause": json.dumps(cause)})


_provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False)
_provider.add_span_processor(_Documents())
_spans = _provider.get_tracer(__name__)


@contextmanager
def _span(name: str, kind: SpanKind, context: Context | None, told: dict[str, Any]) -> Iterator[Span]:
    """Open a span for the block; an error that leaves the block is recorded."""
    span = _spans.start_as_current_span(
        name, context, kind, told, record_exception=False, set_status_on_exception=False
    )
    with span as opened:
        try:
            yield opened
        except BaseException as error:
            _record(opened, error)
            raise


class _Tracer:
    """What handlers use of Powertools' tracer. ``disabled`` outside Lambda."""

    disabled = not os.environ.get("LAMBDA_TASK_ROOT") or any(os.environ.get(name, "") in ("true", "1") for name in _OFF)

    def __init__(self) -> None:
        self._cold = True

    def capture_lambda_handler(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Record each invocation as a span below the one that Lambda records."""

        @wraps(handler)
        def traced(event: Any, context: Any, **more: Any) -> Any:
            told = {"Service": logger.service, "ColdStart": self._cold}
            self._cold = False
            parent = None if self.disabled else _context(os.environ.get("_X_AMZN_TRACE_ID"))
            if parent is None:
                return handler(event, context, **more)
            with _span(f"## {handler.__name__}", SpanKind.SERVER, parent, told):
                return handler(event, context, **more)

        return traced

    def put_annotation(self, key: str, value: str | int) -> None:
        """Annotate the open span."""
        trace.get_current_span().set_attribute(key, value)


tracer = _Tracer()


def current_header() -> str | None:
    """Return the trace header to send on, e.g. ``Root=1-…;Parent=…;Sampled=1``; None where nothing is traced."""
    context = trace.get_current_span().get_span_context()
    return _header_of(context) if context.is_valid else None


def trace_id(header: str | None) -> str | None:
    """Return the trace id in a header: its root."""
    return _parts(header).get("Root")


@contextmanager
def wish_segment(name: str, header: str | None, **annotations: str | int) -> Iterator[str | None]:
    """Record the block as a segment of the wish's own trace, with its calls to AWS below. Yield the header to send on.

    Without a header, for a trace that is not sampled, or with tracing off: record nothing and yield the header as it
    came. Annotations are ids and outcomes, never what a person typed.
    """
    context = _sampled(header)
    if context is None:
        yield header
        return
    with _span(name, SpanKind.CONSUMER, context, annotations) as span:
        yield _header_of(span.get_span_context())


def record_span(
    name: str, header: str | None, since: float, origin: str | None = None, **annotations: str | int
) -> str | None:
    """Record a segment that ends now, as ``wish_segment`` does. Return its header. ``since``: seconds of the epoch."""
    context = _sampled(header)
    if context is None:
        return header
    told = annotations | ({"origin": origin} if origin else {})
    span = _spans.start_span(name, context, SpanKind.PRODUCER, told, start_time=int(min(since, time.time()) * 1e9))
    span.end()
    return _header_of(span.get_span_context())


def record_error(error: BaseException) -> None:
    """Record an error that the function itself answers, such as a 503, in its open span."""
    _record(trace.get_current_span(), error)


def record_outcome(outcome: str) -> None:
    """Annotate the wish's open span with its outcome."""
    span = trace.get_current_span()
    if getattr(span, "kind", None) is SpanKind.CONSUMER:
        span.set_attribute("outcome", outcome)


def _call(wrapped: Any, client: Any, arguments: tuple[Any, ...], _named: Any) -> Any:
    """Record a call to AWS: where to and how it was answered, and nothing of what was sent."""
    operation, sent = arguments
    told = {"aws.operation": operation, "aws.region": client.meta.region_name}
    told |= {f"aws.{name}": sent[key] for key, name in _NAMED.items() if isinstance(sent.get(key), str)}
    with _span(client.meta.service_model.endpoint_prefix, SpanKind.CLIENT, None, told) as span:
        try:
            response = wrapped(*arguments)
        except ClientError as error:
            _answered(span, error.response)
            raise
        _answered(span, response)
        return response


_NAMED = {"TableName": "table_name", "QueueUrl": "queue_url"}


def _answered(span: Span, response: Any) -> None:
    metadata = response.get("ResponseMetadata", {})
    span.set_attribute("http.response.status_code", metadata.get("HTTPStatusCode", 0))
    span.set_attribute("aws.request_id", metadata.get("RequestId", ""))


wrap_function_wrapper(BaseClient, "_make_api_call", _call)


def _parts(header: str | None) -> dict[str, str]:
    return dict(part.split("=", 1) for part in (header or "").split(";") if "=" in part)


def _context(header: str | None) -> Context | None:
    """Return the context of a trace header, or None for one that names no trace."""
    parts = _parts(header)
    with suppress(KeyError, ValueError):
        root = int(parts["Root"].removeprefix("1-").replace("-", ""), 16)
        flags = TraceFlags(parts.get("Sampled") == "1")
        parent = SpanContext(root, int(parts["Parent"], 16), is_remote=True, trace_flags=flags)
        return trace.set_span_in_context(NonRecordingSpan(parent), Context())
    return None


def _sampled(header: str | None) -> Context | None:
    context = None if tracer.disabled else _context(header)
    return context if context and trace.get_current_span(context).get_span_context().trace_flags.sampled else None


def _root(context: SpanContext) -> str:
    return f"1-{context.trace_id >> 96:08x}-{context.trace_id & (1 << 96) - 1:024x}"


def _header_of(context: SpanContext) -> str:
    return f"Root={_root(context)};Parent={context.span_id:016x};Sampled={int(context.trace_flags.sampled)}"
