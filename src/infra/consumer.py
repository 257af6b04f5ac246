"""SQS batches, on Powertools' batch processor. This module alone decides where a failed record goes:

- PermanentError: to the dead-letter queue at once, with the reason as an attribute.
- any other error: reported as a failed item and hidden for a jittered time; after the last receive SQS moves it to the
  dead-letter queue.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

# Before pydantic, in the handlers too: where that is loaded, Powertools loads its models of all events beside it.
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.exceptions import ExceptionInfo
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.envelope import Envelope
from domain.errors import PermanentError, QueueUnavailable, TransientError
from infra.queues import Message, Queue, delivery_of, trace_header_of
from infra.telemetry import count, count_failure, describe, log_outcomes, logger
from infra.tracing import record_span, wish_segment

# Milliseconds: one more record may take all tries at AWS (see infra.aws), and failures must then be reported.
_MIN_TIME_LEFT = 9_000


class OutOfTime(TransientError):  # noqa: N818
    """Too little time is left for this record. It is delivered again, and not cut off in the middle."""


class Consumer(BatchProcessor):
    """Handles batches from ``source``, whose name is ``name``; permanent failures go to ``dead_letters``."""

    def __init__(self, name: str, source: Queue, dead_letters: Queue) -> None:
        super().__init__(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        self._name, self._source, self._dead_letters = name, source, dead_letters
        self._log_keys: dict[str, dict[str, str]] = {}  # by message id
        self._traced: set[str] = set()  # message ids of failures that are in their wish's trace already

    def consume[T](
        self,
        event: dict[str, Any],
        context: LambdaContext,
        handle: Callable[[SQSRecord], T],
        forward: Callable[[Sequence[T]], Mapping[int, Exception]],
    ) -> PartialItemFailureResponse:
        """Handle each record, then forward all results at once. Return the items that Lambda has to deliver again.

        ``forward`` returns the errors of the results that it could not forward, by position.
        """

        def handle_record(record: SQSRecord) -> T:  # Powertools needs this name of the argument
            _check_time_left(context)
            return handle(record)

        self._log_keys.clear()
        self._traced.clear()
        count("Records", len(event["Records"]))
        with self(records=event["Records"], handler=handle_record):
            done = [(result, record) for status, result, record in self.process() if status == "success"]
            for position, error in forward([result for result, _ in done]).items():
                self.success_messages.remove(done[position][1])
                self.failure_handler(SQSRecord(done[position][1]), (type(error), error, error.__traceback__))
        return self.batch_response

    @contextmanager
    def wish_context(self, record: SQSRecord, envelope: Envelope, **annotations: str) -> Iterator[str | None]:
        """Trace the block as part of this wish's story, and log its failure so. Yield the trace header to send on."""
        ids = {"wish_id": envelope.subject, "correlation_id": envelope.correlationid}
        self._log_keys[record.message_id] = ids
        header, (sent, receives) = trace_header_of(record), delivery_of(record)
        header = record_span(self._name, header, sent, "AWS::SQS::Queue", **ids, receive_count=receives)
        self._traced.add(record.message_id)  # if the block fails
        with wish_segment(logger.service, header, **ids, **annotations, receive_count=receives) as trace_header:
            yield trace_header
        self._traced.discard(record.message_id)

    def failure_handler(self, record: SQSRecord, exception: ExceptionInfo) -> Any:
        """Dead-letter a failed record, or report it to be delivered again."""
        error = exception[1] or RuntimeError("failed without an error")
        if record.message_id not in self._traced:
            _, receives = delivery_of(record)
            with suppress(Exception), wish_segment(logger.service, trace_header_of(record), receive_count=receives):
                raise error
        if isinstance(error, PermanentError) and self._dead_letter(record, error):
            return "dead-lettered", None, record
        count("Retries")
        count_failure(error)
        logger.warning("record failed", extra={**self._log_keys_of(record), **describe(error)})
        return super().failure_handler(record, exception)

    def _dead_letter(self, record: SQSRecord, error: PermanentError) -> bool:
        reason = f"{type(error).__name__}: {error}"[:1024]
        try:
            self._dead_letters.send(Message(record.body, trace_header_of(record), reason))
        except QueueUnavailable as failure:
            count_failure(failure)
            logger.error("could not bury", extra={**self._log_keys_of(record), **describe(failure)})
            return False
        count("DeadLettered")
        logger.error("record buried", extra={**self._log_keys_of(record), "reason": reason})
        return True

    def _log_keys_of(self, record: SQSRecord) -> dict[str, str]:
        return {"sqs_message_id": record.message_id, **self._log_keys.get(record.message_id, {})}

    def _clean(self) -> None:
        log_outcomes()
        super()._clean()  # type: ignore[no-untyped-call]
        try:
            self._source.postpone(self.fail_messages)  # type: ignore[arg-type]
        except QueueUnavailable as error:
            logger.warning("could not postpone; the visibility timeout counts", extra={"reason": str(error)})


def _check_time_left(context: LambdaContext) -> None:
    if context.get_remaining_time_in_millis() < _MIN_TIME_LEFT:
        raise OutOfTime


def handle_each[T](items: Sequence[T], handle: Callable[[T], None], context: LambdaContext) -> dict[int, Exception]:
    """Handle each item by itself while there is time. Return the errors by position, as ``forward`` does."""
    failed: dict[int, Exception] = {}
    for position, item in enumerate(items):
        try:
            _check_time_left(context)
            handle(item)
        except Exception as error:  # noqa: BLE001  a failure of one wish must not fail the others
            failed[position] = error
    return failed
