"""Pods → worker → EventStore: give each accepted wish a seat and append it as one commit, exactly once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.errors import StoreUnavailable
from domain.seats import Seat
from infra.aws import dynamodb_client, sqs_client
from infra.consumer import Consumer, Response, failures
from infra.event_store import EventStore
from infra.queues import Queue
from infra.seats import Seats
from infra.settings import WorkerSettings
from infra.telemetry import logger, metrics
from infra.tracing import tracer
from worker.boarding import Arrival, assign_seats, observe, read_arrival, record

settings = WorkerSettings.from_env()
dynamodb = dynamodb_client()
store = EventStore(dynamodb, settings.event_store)
seats = Seats(dynamodb, settings.seats, settings.capacity)
sqs = sqs_client()
consumer = Consumer("Pods", source=Queue(sqs, settings.pods_url), dead_letters=Queue(sqs, settings.pods_dlq_url))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """An SQS batch of decided wishes in; the items to deliver again out."""
    return consumer.consume(event, context, read, forward=partial(board, context))


def read(record: SQSRecord) -> tuple[SQSRecord, Arrival]:
    """One Pods record → an arrival. Raises MalformedMessage."""
    return record, read_arrival(record.body)


def board(context: LambdaContext, arrivals: Sequence[tuple[SQSRecord, Arrival]]) -> dict[int, Exception]:
    """Lease seats for all that are new, then append each; gives what failed, by position."""
    assigned: dict[str, Seat] = {}
    refused: StoreUnavailable | None = None
    try:
        assigned = assign_seats(store, seats, [arrival for _, arrival in arrivals])
    except StoreUnavailable as error:
        refused = error  # of the whole batch; said below in the log and the trace of each wish

    def append(arriving: tuple[SQSRecord, Arrival]) -> None:
        record_, arrival = arriving
        with consumer.following(record_, arrival.envelope) as trace_header:
            if refused:
                raise refused
            seat, now = assigned.get(arrival.wish_id), datetime.now(UTC)
            recorded = record(store, arrival, seat, now=now, wall_delay=settings.wall_delay, trace_header=trace_header)
            observe(arrival, seat, recorded=recorded, now=now)

    return failures(arrivals, append, context)
