"""Read dead letters: SQS shows no message without handing it out, so each is held for a while."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import batched
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import QueueUnavailable
from domain.events import WishSubmitted
from infra.aws import error_code

LONG_POLL = 1  # seconds: SQS then asks all of its servers
HELD = 60  # seconds: long enough to read many, and no longer after a reader was killed
_LEAST_READING = 4.0  # seconds, however impatient the caller is
_WITH_ATTRIBUTES = {"MaxNumberOfMessages": 10, "AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
_COUNTS = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]


class DeadLetters:
    """One dead-letter queue. Every method raises QueueUnavailable. Letters are messages as boto3 gives them."""

    def __init__(self, client: Any, url: str) -> None:
        self.name = url.rpartition("/")[2]
        self._client, self._url = client, url

    @contextmanager
    def held(self, until: float, seconds: int = HELD) -> Iterator[tuple[list[Any], bool]]:
        """Hold all letters, and show again afterwards what was not removed. Read to ``until`` (monotonic), or 4 s.

        Each is hidden from others for ``seconds``. Reading ends when nothing new comes: where the first are visible
        again too soon, it would never end.

        Yield them, and whether they are all: others may be out of reach, since somebody else reads them at this moment.
        """
        many: Any = _WITH_ATTRIBUTES | {"VisibilityTimeout": seconds, "WaitTimeSeconds": LONG_POLL}
        held, known, until = dict[str, Any](), -1, max(until, time.monotonic() + _LEAST_READING)
        try:
            while known < len(held) and time.monotonic() < until:
                known = len(held)
                received = self._call("receive_message", **many).get("Messages", [])
                held |= {each["MessageId"]: each for each in received}
            counted = self._call("get_queue_attributes", AttributeNames=_COUNTS)["Attributes"]
            yield list(held.values()), not received and sum(map(int, counted.values())) <= len(held)
        finally:
            for some in batched(held.items(), 10, strict=False):
                shown = [{"Id": n, "ReceiptHandle": each["ReceiptHandle"], "VisibilityTimeout": 0} for n, each in some]
                # An entry that was removed meanwhile fails, as it should.
                self._call("change_message_visibility_batch", Entries=shown)

    def remove(self, letter: Any) -> None:
        """Delete a letter that is held."""
        self._call("delete_message", ReceiptHandle=letter["ReceiptHandle"])

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(QueueUrl=self._url, **arguments)
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(f"{self.name}: {error_code(error)}") from error


def is_about(body: str, wish_id: str) -> bool:
    """Return true where a message names this wish as its subject, even when it is no envelope of ours."""
    return any(each.get("subject") == wish_id for each in envelopes(body))


def submission(body: str) -> WishSubmitted | None:
    """Return the submission in a message, without its text; None where there is none that can be read."""
    for each in envelopes(body):
        with suppress(LookupError, TypeError, ValueError):
            data = each["data"]
            return WishSubmitted(destination=data["destination"], message=None, digest=data["digest"])
    return None


def envelopes(body: str) -> list[dict[str, Any]]:
    """Return the JSON objects in a message: one, or those of a list."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [each for each in (read if isinstance(read, list) else [read]) if isinstance(each, dict)]
