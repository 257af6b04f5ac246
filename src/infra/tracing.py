"""X-Ray traces. No other module uses the X-Ray SDK.

AWS gives a batch from SQS a new trace, linked to those of its messages. That is not enough to follow one wish through a
batch of ten. So each message carries its own trace header, and ``wish_segment`` records a segment per wish into the
wish's own trace, beside the function's.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Tracer
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.models import entity
from aws_xray_sdk.core.models.facade_segment import FacadeSegment
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.throwable import Throwable
from aws_xray_sdk.core.models.trace_header import TraceHeader
from aws_xray_sdk.core.streaming.default_streaming import DefaultStreaming

from domain.errors import LastWishError
from infra.telemetry import frames


def _add_exception(self: Any, error: BaseException, stack: Any = (), remote: bool = False) -> None:
    """Record an error as a fault: class and stack, and its text only if it is one of ours.

    Another error may quote what a person typed. The SDK has no switch for this, and records every error that passes
    through a subsegment. It records an error once and then only its id, though ten wishes of a batch, each with its own
    trace, may fail by the same error. A failed condition is a normal response.
    """
    if type(error).__name__ == "ConditionalCheckFailedException":
        return
    recorded = Throwable(error, (), remote)
    recorded.message, recorded.stack = str(error) if isinstance(error, LastWishError) else "", frames(error, stack)
    self.add_fault_flag()
    self.cause = {"exceptions": [*self.cause.get("exceptions", ()), recorded], "working_directory": ""}


entity.Entity.add_exception = _add_exception


class _WholeDocuments(DefaultStreaming):  # type: ignore[misc]  # the SDK has no types
    """Send what the handler did with all its calls to AWS as one document, unless it is long: X-Ray takes 64 KB.

    The SDK's own sends each call by itself in Lambda, where the function's segment never ends. That of a wish does, and
    takes its calls along.
    """

    def is_eligible(self, segment: Any) -> bool:
        ended = isinstance(segment, FacadeSegment) and not segment.subsegments[-1].in_progress
        return ended or super().is_eligible(segment)


tracer = Tracer(patch_modules=["botocore"])
xray_recorder.streaming = _WholeDocuments()
_wish_context = Context()  # the SDK's own context inside Lambda takes no segments


def current_header() -> str | None:
    """Return the trace header to send on, e.g. ``Root=1-…;Parent=…;Sampled=1``; None where nothing is traced."""
    entity = None if tracer.disabled else xray_recorder.current_subsegment() or xray_recorder.current_segment()
    return _header_of(entity) if entity else None


def trace_id(header: str | None) -> str | None:
    """Return the trace id in a header: its root."""
    return TraceHeader.from_header_str(header).root if header else None


@contextmanager
def wish_segment(name: str, header: str | None, **annotations: str | int) -> Iterator[str | None]:
    """Record the block as a segment of the wish's own trace, with its calls to AWS below. Yield the header to send on.

    Without a header, for a trace that is not sampled, or with tracing off: record nothing and yield the header as it
    came. Annotations are ids and outcomes, never what a person typed.
    """
    segment = _begin_segment(name, header, annotations)
    if segment is None:
        yield header
        return
    _wish_context.put_segment(segment)
    function_context, xray_recorder.context = xray_recorder.context, _wish_context
    try:
        yield _header_of(segment)
    except BaseException as error:
        segment.add_exception(error)
        raise
    finally:
        xray_recorder.context = function_context
        _end(segment)


def record_span(
    name: str, header: str | None, since: float, origin: str | None = None, **annotations: str | int
) -> str | None:
    """Record a segment that ends now, as ``wish_segment`` does. Return its header. ``since``: seconds of the epoch."""
    segment = _begin_segment(name, header, annotations)
    if segment is None:
        return header
    segment.start_time = min(since, time.time())
    segment.origin = origin
    _end(segment)
    return _header_of(segment)


def record_error(error: BaseException) -> None:
    """Record an error that the function itself answers, such as a 503, in its open subsegment."""
    if not tracer.disabled and (subsegment := xray_recorder.current_subsegment()):
        subsegment.add_exception(error)


def record_outcome(outcome: str) -> None:
    """Annotate the wish's open segment with its outcome."""
    if xray_recorder.context is _wish_context:
        xray_recorder.put_annotation("outcome", outcome)


def _begin_segment(name: str, header: str | None, annotations: dict[str, str | int]) -> Any:
    parent = TraceHeader.from_header_str(header) if header else None
    if tracer.disabled or parent is None or not parent.root or parent.sampled not in (1, True):
        return None
    segment = Segment(name, traceid=parent.root, parent_id=parent.parent)
    segment.annotations |= annotations
    return segment


def _end(segment: Any) -> None:
    segment.close()
    xray_recorder.emitter.send_entity(segment)


def _header_of(segment: Any) -> str:
    return f"Root={segment.trace_id};Parent={segment.id};Sampled={int(bool(segment.sampled))}"
