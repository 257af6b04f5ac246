"""Inbox → parser → Pods: check each submitted wish, decide, send the decision on."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.envelope import Envelope, read_one, write_story
from domain.errors import MalformedMessage
from domain.events import Event, WishAccepted, WishHeld, WishRejected, WishSubmitted
from domain.rules import judge
from domain.screening import screen
from infra.aws import sqs_client
from infra.consumer import Consumer, Response
from infra.queues import Message, Queue
from infra.settings import ParserSettings
from infra.telemetry import count, count_by, logger, metrics
from infra.tracing import outcome, tracer
from parser.held_words import held_words

settings = ParserSettings.from_env()
words = held_words(settings.held_words)
sqs = sqs_client()
pods = Queue(sqs, settings.pods_url)
consumer = Consumer("Inbox", source=Queue(sqs, settings.inbox_url), dead_letters=Queue(sqs, settings.inbox_dlq_url))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """An SQS batch of submitted wishes in; the items to deliver again out."""
    return consumer.consume(event, context, decide, forward=pods.send_all)


def decide(record: SQSRecord) -> Message:
    """One Inbox record → the message for Pods. Raises MalformedMessage."""
    submission = read_one(record.body)
    wish = submission.event()
    if not isinstance(wish, WishSubmitted):
        raise MalformedMessage(f"{submission.type} does not belong in Inbox")
    with consumer.following(record, submission, destination=wish.destination) as trace_header:
        verdict = judge(wish, closed=settings.closed_destinations)
        held = screen(wish, words) if isinstance(verdict, WishAccepted) else None
        decisions = [verdict, held] if held else [verdict]
        observe(verdict, held)
        return Message(write_story([submission, *map(partial(_decided, submission), decisions)]), trace_header)


def observe(verdict: WishAccepted | WishRejected, held: WishHeld | None) -> None:
    """Say in the log, the trace and the metrics what was decided, and why."""
    decided = "rejected" if isinstance(verdict, WishRejected) else "held" if held else "accepted"
    if isinstance(verdict, WishRejected):
        count_by("Rejected", "reason", verdict.reason)
    else:
        count("Held" if held else "Accepted")
    outcome(decided)
    logger.info("wish judged", extra={"outcome": decided, "reason": getattr(held or verdict, "reason", None)})


def _decided(submission: Envelope, event: Event) -> Envelope:
    return Envelope.of(
        event,
        source="parser",
        wish_id=submission.subject,
        time=datetime.now(UTC),
        correlation_id=submission.correlationid,
    )
