"""Publish a submission to Inbox, with its trace header."""

from datetime import UTC, datetime

from domain.envelope import Envelope
from frontend.submission import Submission
from infra.queues import Message, Queue
from infra.telemetry import count, logger
from infra.tracing import current_header, tracer


def annotate(wish_id: str, correlation_id: str) -> str:
    """Name this wish in the trace and in every log line from here on. Return its id."""
    logger.append_keys(wish_id=wish_id)
    tracer.put_annotation("wish_id", wish_id)
    tracer.put_annotation("correlation_id", correlation_id)
    return wish_id


def publish(inbox: Queue, wish: Submission, correlation_id: str) -> None:
    """Send ``WishSubmitted`` and return once SQS has acknowledged it. Raises QueueUnavailable."""
    annotate(wish.wish_id, correlation_id)
    envelope = Envelope.of(
        wish.event, source="frontend", wish_id=wish.wish_id, time=datetime.now(UTC), correlation_id=correlation_id
    )
    inbox.send(Message(envelope.model_dump_json(), current_header()))
    count("Submitted")
    if wish.has_markup:
        count("Sanitised")
    logger.info("wish submitted", extra={"sanitised": wish.has_markup or None})
