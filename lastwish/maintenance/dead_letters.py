"""Read dead letters. SQS shows no message without handing it out, so each is held for a while.

So a letter may be hidden from us, because somebody else holds it: `hidden` counts these.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from typing import Any

from lastwish.maintenance.stores import Stores

QUEUES = ("InboxDlq", "PodsDlq")
# Seconds: long enough to read many, and no longer after a reader was killed.
_HELD = 60
_HELD_MORE = 0.1  # for each letter that is there: ten of them take far less than a second
_LONGEST = 43_200  # SQS's bound
LONG_POLL = 1


@dataclass(frozen=True)
class Letter:
    """A dead letter that this process holds. ``wish_ids`` are the wishes that it names as its subject."""

    queue: str
    receipt: str
    body: str
    wish_ids: frozenset[str]

    @property
    def has_text(self) -> bool:
        """True where it holds what a person typed, in an envelope of ours."""
        return any(each["data"].get("message") or each["data"].get("name") for each in _envelopes(self.body))


@contextmanager
def held(stores: Stores) -> Iterator[list[Letter]]:
    """Hold every dead letter, invisible to others; all are visible again afterwards."""
    found: list[Letter] = []
    try:
        with ThreadPoolExecutor(len(QUEUES)) as readers:
            for letters in readers.map(lambda queue: _receive(stores, queue), QUEUES):
                found += letters
        yield found
    finally:
        for some in batched(found, 10, strict=False):
            for queue in QUEUES:
                _show_again(stores, queue, [each for each in some if each.queue == queue])


def hidden(stores: Stores, letters: list[Letter]) -> int:
    """Return how many letters the queues have besides these. Call it while they are held."""
    return max(0, stores.waiting(*QUEUES) - len(letters))


def _receive(stores: Stores, queue: str) -> list[Letter]:
    found: dict[str, Letter] = {}
    seconds = min(_LONGEST, _HELD + int(_HELD_MORE * stores.waiting(queue)))
    while True:  # until a long poll, which asks all of SQS's servers, returns nothing
        answer = stores.sqs.receive_message(
            QueueUrl=stores.queue(queue), MaxNumberOfMessages=10, VisibilityTimeout=seconds, WaitTimeSeconds=LONG_POLL
        )
        messages = answer.get("Messages", [])
        # Or until it returns nothing new: the first letters are visible again, and reading on would never end.
        is_over = found.keys() >= {each["MessageId"] for each in messages}
        for each in messages:
            found[each["MessageId"]] = Letter(queue, each["ReceiptHandle"], each["Body"], subjects(each["Body"]))
        if is_over:
            return list(found.values())


def _show_again(stores: Stores, queue: str, letters: list[Letter]) -> None:
    if not letters:
        return
    entries = [{"Id": str(n), "ReceiptHandle": each.receipt, "VisibilityTimeout": 0} for n, each in enumerate(letters)]
    # An entry that was deleted meanwhile fails, as it should.
    stores.sqs.change_message_visibility_batch(QueueUrl=stores.queue(queue), Entries=entries)


def subjects(body: str) -> frozenset[str]:
    """Return the wish ids that a message names as its subject, even when it is no envelope of ours."""
    named = [each.get("subject") for each in _objects(body)]
    return frozenset(subject for subject in named if isinstance(subject, str))


def _envelopes(body: str) -> list[dict[str, Any]]:
    return [each for each in _objects(body) if isinstance(each.get("data"), dict)]


def _objects(body: str) -> list[dict[str, Any]]:
    try:
        read: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [each for each in (read if isinstance(read, list) else [read]) if isinstance(each, dict)]
