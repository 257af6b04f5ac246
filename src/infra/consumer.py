"""A function fed by SQS, on Powertools' batch processor. Where a failed record lands is decided here and nowhere else:

- PermanentError: to the dead-letter queue at once, with the reason as an attribute, and done.
- anything else: reported as a failed item, hidden for a jittered while, and after the last receive in the dead-letter
  queue too, moved there by SQS.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.exceptions import ExceptionInfo
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.envelope import Envelope
from domain.errors import PermanentError, QueueUnavailable, TransientError
from infra.queues import Message, Queue, delivery_of, trace_header_of
from infra.telemetry import count, count_failure, describe, logger
from infra.tracing import passed, wish_segment

# One more record may take a whole round of tries at AWS (see infra.aws), and then there are failures to report.
_ENOUGH_TIME = 9_000

type Response = dict[str, list[dict[str, str]]]


class OutOfTime(TransientError):  # noqa: N818
    """Too little is left of the invocation to try this record. It comes back instead of being cut off in the middle."""


class Consumer(BatchProcessor):
    """Handles batches from ``source``; what can never succeed goes to ``dead_letters``. ``name`` is the source's."""

    def __init__(self, name: str, source: Queue, dead_letters: Queue) -> None:
        super().__init__(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        self._name = name
        self._source = source
        self._dead_letters = dead_letters
        self._ids: dict[str, dict[str, str]] = {}
        self._told: set[str] = set()  # records whose failure their wish's trace knows already

    def consume[T](
        self,
        event: dict[str, Any],
        context: LambdaContext,
        handle: Callable[[SQSRecord], T],
        forward: Callable[[Sequence[T]], Mapping[int, Exception]],
    ) -> Response:
        """Handle each record, then pass all results on at once; answers what Lambda has to deliver again.

        ``forward`` gives, by position, which of the results it was given failed, and why.
        """

        def handle_record(record: SQSRecord) -> T:  # Powertools wants just this name for the argument
            _be_in_time(context)
            return handle(record)

        self._ids.clear()
        self._told.clear()
        count("Records", len(event["Records"]))
        with self(records=event["Records"], handler=handle_record):
            outcomes = self.process()
            done = [(result, record) for status, result, record in outcomes if status == "success"]
            for position, error in forward([result for result, _ in done]).items():
                self.success_messages.remove(done[position][1])
                self.failure_handler(SQSRecord(done[position][1]), (type(error), error, error.__traceback__))
        return self.batch_response  # type: ignore[return-value]

    @contextmanager
    def following(self, record: SQSRecord, envelope: Envelope, **annotations: str) -> Iterator[str | None]:
        """Log and trace what happens inside as part of this wish's story; gives the trace header to hand on."""
        ids = {"wish_id": envelope.subject, "correlation_id": envelope.correlationid}
        self._ids[record.message_id] = ids
        sent, receives = delivery_of(record)
        came = trace_header_of(record)
        waited = passed(self._name, came, sent, "AWS::SQS::Queue", wish_id=envelope.subject, receive_count=receives)
        with (
            logger.append_context_keys(**ids),
            wish_segment(logger.service, waited, **ids, **annotations, receive_count=receives) as trace_header,
        ):
            try:
                yield trace_header
            except BaseException:
                self._told.add(record.message_id)
                raise

    def failure_handler(self, record: SQSRecord, exception: ExceptionInfo) -> Any:
        """One record failed: bury it, or report it to be delivered again."""
        error = exception[1] or RuntimeError("failed without an error")
        if record.message_id not in self._told:
            _, receives = delivery_of(record)
            header, now = trace_header_of(record), time.time()
            passed(logger.service, header, now, error=error, receive_count=receives)
        if isinstance(error, PermanentError) and self._buried(record, error):
            return "buried", None, record
        count("Retries")
        count_failure(error)
        logger.warning("record failed", extra={**self._named(record), **describe(error)})
        return super().failure_handler(record, exception)

    def _buried(self, record: SQSRecord, error: PermanentError) -> bool:
        reason = f"{type(error).__name__}: {error}"[:1024]
        try:
            self._dead_letters.send(Message(record.body, trace_header_of(record), reason))
        except QueueUnavailable as failure:
            count_failure(failure)
            logger.error("could not bury", extra={**self._named(record), **describe(failure)})
            return False
        count("DeadLettered")
        logger.error("record buried", extra={**self._named(record), "reason": reason})
        return True

    def _named(self, record: SQSRecord) -> dict[str, str]:
        return {"sqs_message_id": record.message_id, **self._ids.get(record.message_id, {})}

    def _clean(self) -> None:
        super()._clean()  # type: ignore[no-untyped-call]
        if self.fail_messages:
            try:
                self._source.postpone(self.fail_messages)  # type: ignore[arg-type]
            except QueueUnavailable as error:
                logger.warning("could not postpone; the visibility timeout counts", extra={"reason": str(error)})


def _be_in_time(context: LambdaContext) -> None:
    if context.get_remaining_time_in_millis() < _ENOUGH_TIME:
        raise OutOfTime


def failures[T](items: Sequence[T], handle: Callable[[T], None], context: LambdaContext) -> dict[int, Exception]:
    """Handle each item on its own while there is time; gives what failed, by position, as ``forward`` wants it."""
    failed: dict[int, Exception] = {}
    for position, item in enumerate(items):
        try:
            _be_in_time(context)
            handle(item)
        except Exception as error:  # noqa: BLE001  one wish's failure, foreseen or not, is not its neighbour's
            failed[position] = error
    return failed
