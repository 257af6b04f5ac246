"""SQS queues: send one message or many, postpone a retry, read the attributes of a record."""

import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import QueueUnavailable
from infra.aws import error_code

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from mypy_boto3_sqs import SQSClient

_MOST_IN_A_BATCH = 10
LONGEST_DELAY = 300  # seconds
_TRACE_HEADER = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;[A-Za-z]+=[!-:<-~]{1,100}){0,4}")
_INVALID_COUNT = 99  # gives the longest delay
_DIGITS = 16  # SQS gives no longer number


@dataclass(frozen=True, slots=True)
class Message:
    """A message to send. A dead letter has a ``reason``; ``trace_header`` is the wish's own, see infra.tracing."""

    body: str
    trace_header: str | None = None
    reason: str | None = None


class Queue:
    """One SQS queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client, self._url = client, url

    def send(self, message: Message) -> None:
        """Send a message and return once SQS has acknowledged it. Raises QueueUnavailable."""
        try:
            self._client.send_message(QueueUrl=self._url, **_request(message))
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(f"send: {error_code(error)}") from error

    def send_all(self, messages: Sequence[Message]) -> dict[int, QueueUnavailable]:
        """Send many messages. Return errors by position: SendMessageBatch answers 200 even when entries failed."""
        failed: dict[int, QueueUnavailable] = {}
        for batch in batched(enumerate(messages), _MOST_IN_A_BATCH, strict=False):
            entries: Any = [{"Id": str(position), **_request(message)} for position, message in batch]
            try:
                response = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            except (BotoCoreError, ClientError) as error:
                code = error_code(error)
                failed |= {position: QueueUnavailable(f"send batch: {code}", code) for position, _ in batch}
                continue
            for entry in response.get("Failed", []):
                failed[int(entry["Id"])] = QueueUnavailable(f"send batch entry: {entry['Code']}", entry["Code"])
        return failed

    def postpone(self, records: "Sequence[SQSRecord]") -> None:
        """Hide failed records for a time that grows with every receive: half to all of 4, 16, 64, 256, 300 s.

        ReportBatchItemFailures turns the poller's own back-off off: without this an outage sends every message to the
        dead-letter queue within seconds. Raises QueueUnavailable; then the queue's own visibility timeout applies.
        """
        for batch in batched(records, _MOST_IN_A_BATCH, strict=False):
            entries: Any = [
                {"Id": str(n), "ReceiptHandle": r.receipt_handle, "VisibilityTimeout": _retry_delay(r)}
                for n, r in enumerate(batch)
            ]
            try:
                response = self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            except (BotoCoreError, ClientError) as error:
                raise QueueUnavailable(f"postpone: {error_code(error)}") from error
            if response.get("Failed"):
                raise QueueUnavailable(f"postpone: {len(response['Failed'])} of {len(entries)} entries")


def _retry_delay(record: "SQSRecord") -> int:
    _, receives = delivery_of(record)
    longest = min(LONGEST_DELAY, 4 ** min(receives, 10))
    # At least half of it: with full jitter, three in ten would use up all five receives in an outage of two minutes.
    return random.randint(longest // 2, longest)  # noqa: S311  jitter, not a secret


def delivery_of(record: "SQSRecord") -> tuple[float, int]:
    """Return when a record was sent (seconds of the epoch) and how many times it was received.

    Never raises: missing values mean now and 1, an invalid count means 99.
    """
    attributes = record.raw_event.get("attributes") or {}
    sent, receives = str(attributes.get("SentTimestamp", "")), str(attributes.get("ApproximateReceiveCount", "1"))
    count = int(receives) if receives.isdecimal() and len(receives) < _DIGITS else _INVALID_COUNT
    return int(sent) / 1000 if sent.isdecimal() and len(sent) < _DIGITS else time.time(), count


def trace_header_of(record: "SQSRecord") -> str | None:
    """Return the trace header of a record: SQS's own attribute, else the copy that ``Message`` adds.

    Reads the raw record and never raises: attributes of a foreign message may be missing or of any type. Returns None
    for an invalid header: it would be stored, and SQS might refuse the whole batch in which it is sent on.
    """
    copy = (record.raw_event.get("messageAttributes") or {}).get("trace_header") or {}
    own = (record.raw_event.get("attributes") or {}).get("AWSTraceHeader")
    header = own or copy.get("stringValue")
    return header if isinstance(header, str) and _TRACE_HEADER.fullmatch(header) else None


def _request(message: Message) -> dict[str, Any]:
    attributes = {"trace_header": message.trace_header, "reason": message.reason}
    request: dict[str, Any] = {
        "MessageBody": message.body,
        "MessageAttributes": {name: _string_attribute(value) for name, value in attributes.items() if value},
    }
    if message.trace_header:
        # X-Ray reads this one. Set per message, since botocore sets one header for a whole batch. Copied above, since
        # the local engine drops system attributes in SendMessageBatch.
        request["MessageSystemAttributes"] = {"AWSTraceHeader": _string_attribute(message.trace_header)}
    return request


def _string_attribute(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}
