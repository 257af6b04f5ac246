"""Inbox → parser → Pods: check each submitted wish, decide on it, send the decision."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse  # first: see infra.consumer
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.envelope import Envelope, read_envelope, write_story
from domain.errors import MalformedMessage
from domain.events import Event, WishAccepted, WishHeld, WishRejected, WishSubmitted
from domain.rules import judge
from domain.screening import screen
from infra.aws import client
from infra.consumer import Consumer
from infra.queues import Message, Queue
from infra.settings import ParserSettings
from infra.telemetry import count, count_by, log_outcome, logger, metrics
from infra.tracing import record_outcome, tracer
from parser.held_words import load_held_words

settings = ParserSettings.from_env()
parameters = None
if settings.parameter_path:
    from infra.parameters import Parameters  # where there is no path, the start is shorter

    parameters = Parameters(settings)
load_held_words(settings.held_words)  # before the first wish comes
sqs = client("sqs")
pods = Queue(sqs, settings.pods_url)
consumer = Consumer("Inbox", source=Queue(sqs, settings.inbox_url), dead_letters=Queue(sqs, settings.inbox_dlq_url))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle an SQS batch of submitted wishes. Return the items to deliver again."""
    current = parameters.current() if parameters else settings  # the same for all wishes of a batch
    return consumer.consume(event, context, partial(decide, current), forward=pods.send_all)


def decide(current: ParserSettings, record: SQSRecord) -> Message:
    """Return the message for Pods from an Inbox record, by the settings of now. Raises MalformedMessage."""
    submission = read_envelope(record.body)
    wish = submission.event()
    if not isinstance(wish, WishSubmitted):
        raise MalformedMessage(f"{submission.type} does not belong in Inbox")
    with consumer.wish_context(record, submission, destination=wish.destination) as trace_header:
        verdict = judge(wish, closed=current.closed_destinations)
        held = screen(wish, load_held_words(current.held_words)) if isinstance(verdict, WishAccepted) else None
        decisions = [verdict, held] if held else [verdict]
        report(submission.subject, verdict, held)
        return Message(write_story([submission, *map(partial(_envelope, submission), decisions)]), trace_header)


def report(wish_id: str, verdict: WishAccepted | WishRejected, held: WishHeld | None) -> None:
    """Record the decision and its reason in the log, the trace and the metrics."""
    outcome = "rejected" if isinstance(verdict, WishRejected) else "held" if held else "accepted"
    if isinstance(verdict, WishRejected):
        count_by("Rejected", "reason", verdict.reason)
    else:
        count("Held" if held else "Accepted")
    record_outcome(outcome)
    log_outcome("wish judged", wish_id, outcome=outcome, reason=getattr(held or verdict, "reason", None))


def _envelope(cause: Envelope, event: Event) -> Envelope:
    return Envelope.of(
        event, source="parser", wish_id=cause.subject, time=datetime.now(UTC), correlation_id=cause.correlationid
    )
