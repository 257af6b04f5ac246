"""Inbox → parser → Pods: check each submitted wish, decide, send the decision on."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.envelope import Envelope, read_one, write_story
from domain.errors import MalformedMessage
from domain.events import WishRejected, WishSubmitted
from domain.rules import judge
from infra.aws import sqs_client
from infra.consumer import Consumer, Response
from infra.queues import Message, Queue
from infra.settings import ParserSettings
from infra.telemetry import count, logger, metrics
from infra.tracing import tracer

settings = ParserSettings.from_env()
sqs = sqs_client()
pods = Queue(sqs, settings.pods_url)
consumer = Consumer(source=Queue(sqs, settings.inbox_url), dead_letters=Queue(sqs, settings.inbox_dlq_url))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
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
        count("Rejected" if isinstance(verdict, WishRejected) else "Accepted")
        logger.info("wish judged", extra={"verdict": verdict.type, "reason": getattr(verdict, "reason", None)})
        decision = Envelope.of(
            verdict,
            source="parser",
            wish_id=submission.subject,
            time=datetime.now(UTC),
            correlation_id=submission.correlationid,
        )
        return Message(write_story([submission, decision]), trace_header)
