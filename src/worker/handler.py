"""Pods → worker → EventStore: append each decided wish as one commit, exactly once."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.envelope import read_story
from infra.aws import dynamodb_client, sqs_client
from infra.consumer import Consumer, Response
from infra.event_store import EventStore
from infra.queues import Queue
from infra.settings import WorkerSettings
from infra.telemetry import count, logger, metrics
from infra.tracing import trace_id, tracer
from worker.recording import record_wish

settings = WorkerSettings.from_env()
store = EventStore(dynamodb_client(), settings.event_store)
sqs = sqs_client()
consumer = Consumer(source=Queue(sqs, settings.pods_url), dead_letters=Queue(sqs, settings.pods_dlq_url))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """An SQS batch of decided wishes in; the items to deliver again out."""
    return consumer.consume(event, context, append)


def append(record: SQSRecord) -> None:
    """One Pods record → one commit. Raises MalformedMessage, StoreUnavailable, VersionConflict, UnstorableCommit."""
    story = read_story(record.body)
    with consumer.following(record, story[0]) as trace_header:
        recorded = record_wish(store, story, now=datetime.now(UTC), trace_id=trace_id(trace_header))
        count("Recorded" if recorded else "Duplicates")
        logger.info("wish recorded" if recorded else "wish was recorded before")
