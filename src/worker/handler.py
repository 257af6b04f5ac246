"""Pods → worker → EventStore: give each accepted wish a seat and append it as one commit, exactly once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse  # first: see infra.consumer
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.errors import StoreUnavailable
from domain.seats import Seat
from infra.aws import at_first_use, client
from infra.consumer import Consumer, handle_each
from infra.event_store import EventStore
from infra.queues import Queue
from infra.seats import Seats
from infra.settings import WorkerSettings
from infra.telemetry import logger, metrics
from infra.tracing import tracer
from worker.boarding import DecidedWish, append, assign_seats, read_decided_wish, report

settings = WorkerSettings.from_env()
dynamodb = client("dynamodb")
store = EventStore(dynamodb, settings.event_store)
seats = Seats(dynamodb, settings.seats, settings.capacity)
sqs = at_first_use(client, "sqs")  # for failures
consumer = Consumer("Pods", source=Queue(sqs, settings.pods_url), dead_letters=Queue(sqs, settings.pods_dlq_url))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle an SQS batch of decided wishes. Return the items to deliver again."""
    return consumer.consume(event, context, read, forward=partial(board, context))


def read(record: SQSRecord) -> tuple[SQSRecord, DecidedWish]:
    """Return a Pods record with the wish inside. Raises MalformedMessage."""
    return record, read_decided_wish(record.body)


def board(context: LambdaContext, batch: Sequence[tuple[SQSRecord, DecidedWish]]) -> dict[int, Exception]:
    """Lease seats for all new wishes, then append each wish. Return the errors by position."""
    assigned: dict[str, Seat] = {}
    refused: StoreUnavailable | None = None
    try:
        assigned = assign_seats(store, seats, [wish for _, wish in batch])
    except StoreUnavailable as error:
        refused = error  # raised below for each wish, into its own log line and trace
        raised_at = error.__traceback__

    def board_one(delivered: tuple[SQSRecord, DecidedWish]) -> None:
        record, wish = delivered
        with consumer.wish_context(record, wish.envelope) as trace_header:
            if refused:
                raise refused.with_traceback(raised_at)  # without those of the wishes before
            # Taken out: the same wish a second time in the batch gets no seat that could leak.
            seat, now = assigned.pop(wish.wish_id, None), datetime.now(UTC)
            is_new = append(store, wish, seat, now=now, wall_delay=settings.wall_delay, trace_header=trace_header)
            if seat and not is_new:  # stored, or erased, by somebody else since the seats were leased
                seats.give_back(seat.destination, [seat.number])
            report(wish, seat, is_new=is_new, now=now)

    return handle_each(batch, board_one, context)
