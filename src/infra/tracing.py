"""The only module that knows X-Ray.

AWS gives a batch from SQS a new trace of its own, linked to those of its messages. That is not enough to follow one
wish through a batch of ten. So each message carries its own trace header, and ``wish_segment`` records a segment per
wish into the wish's own trace, next to the function's.
"""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Tracer
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.models import entity
from aws_xray_sdk.core.models.throwable import Throwable
from aws_xray_sdk.core.models.trace_header import TraceHeader
from aws_xray_sdk.core.recorder import AWSXRayRecorder

from domain.errors import LastWishError


class _Unquoting(Throwable):  # type: ignore[misc]
    """An exception in a segment: class and stack, and its text only if it is one of ours.

    Somebody else's exception may quote what a person typed. The SDK has no switch for this, and records whatever passes
    through a subsegment, so its class is replaced for all entities.
    """

    def __init__(self, exception: BaseException, stack: Any, remote: bool = False) -> None:
        super().__init__(exception, stack, remote)
        if not isinstance(exception, LastWishError):
            self.message = ""


entity.Throwable = _Unquoting


def _add_exception(self: Any, exception: BaseException, stack: Any, remote: bool = False) -> None:
    """As the SDK does, which calls every exception a fault; but a condition that does not hold is an answer."""
    if type(exception).__name__ != "ConditionalCheckFailedException":
        _add_any_exception(self, exception, stack, remote)


_add_any_exception, entity.Entity.add_exception = entity.Entity.add_exception, _add_exception

tracer = Tracer(patch_modules=["botocore"])

# The SDK's own recorder writes only subsegments inside Lambda; a second one with a plain context writes whole segments.
_wishes = AWSXRayRecorder()
_wishes.configure(context=Context(), sampling=False, context_missing="IGNORE_ERROR")


def current_header() -> str | None:
    """The trace header to hand on from here, e.g. ``Root=1-…;Parent=…;Sampled=1``; None where nothing is traced."""
    if tracer.disabled:
        return None
    here = xray_recorder.current_subsegment() or xray_recorder.current_segment()
    return _header_of(here) if here else None


def trace_id(header: str | None) -> str | None:
    """The trace that a header belongs to: its root."""
    return TraceHeader.from_header_str(header).root if header else None


@contextmanager
def wish_segment(name: str, header: str | None, **annotations: str | int) -> Iterator[str | None]:
    """Record what happens inside as a segment of the wish's own trace; gives the header to hand on.

    Calls to AWS inside are recorded below it. Does nothing, and hands the header on as it came, where the message
    carried none, it is not sampled, or tracing is off. Annotations are ids and outcomes, never what a person typed.
    """
    segment = _begin(name, header, annotations)
    if segment is None:
        yield header
        return
    functions, xray_recorder.context = xray_recorder.context, _wishes.context
    try:
        yield _header_of(segment)
    except BaseException as error:
        segment.add_exception(error, traceback.extract_tb(error.__traceback__))
        raise
    finally:
        xray_recorder.context = functions
        _wishes.end_segment()


def passed(
    name: str,
    header: str | None,
    since: float,
    origin: str | None = None,
    error: BaseException | None = None,
    **annotations: str | int,
) -> str | None:
    """Record what has just ended as ``wish_segment`` does, and give its header. ``since``: seconds of the epoch."""
    segment = _begin(name, header, annotations)
    if segment is None:
        return header
    segment.start_time = min(since, time.time())
    segment.origin = origin
    if error:
        segment.add_exception(error, traceback.extract_tb(error.__traceback__))
    _wishes.end_segment()
    return _header_of(segment)


def outcome(word: str) -> None:
    """Say how it ended, in the wish's segment that is open here."""
    if segment := _wishes.current_segment():
        segment.put_annotation("outcome", word)


def _begin(name: str, header: str | None, annotations: dict[str, str | int]) -> Any:
    came = TraceHeader.from_header_str(header) if header else None
    if tracer.disabled or came is None or not came.root or came.sampled not in (1, True):
        return None
    segment = _wishes.begin_segment(name, traceid=came.root, parent_id=came.parent, sampling=True)
    for key, value in annotations.items():
        segment.put_annotation(key, value)
    return segment


def _header_of(segment: Any) -> str:
    return f"Root={segment.trace_id};Parent={segment.id};Sampled={int(bool(segment.sampled))}"
