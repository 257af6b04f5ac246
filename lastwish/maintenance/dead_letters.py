"""Read dead letters. SQS shows no message without handing it out, so each is held for a while."""

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
LONG_POLL = 1


@dataclass(frozen=True)
class Letter:
    """A dead letter that this process holds. ``wish_ids`` are the wishes that it names as its subject."""

    queue: str
    receipt: str
    body: str
    wish_ids: frozenset[str]


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


def _receive(stores: Stores, queue: str) -> list[Letter]:
    found: list[Letter] = []
    while True:  # until a long poll, which asks all of SQS's servers, returns nothing
        answer = stores.sqs.receive_message(
            QueueUrl=stores.queue(queue), MaxNumberOfMessages=10, VisibilityTimeout=_HELD, WaitTimeSeconds=LONG_POLL
        )
        messages = answer.get("Messages", [])
        if not messages:
            return found
        found += [Letter(queue, each["ReceiptHandle"], each["Body"], subjects(each["Body"])) for each in messages]


def _show_again(stores: Stores, queue: str, letters: list[Letter]) -> None:
    if not letters:
        return
    entries = [{"Id": str(n), "ReceiptHandle": each.receipt, "VisibilityTimeout": 0} for n, each in enumerate(letters)]
    # An entry that was deleted meanwhile fails, as it should.
    stores.sqs.change_message_visibility_batch(QueueUrl=stores.queue(queue), Entries=entries)


def subjects(body: str) -> frozenset[str]:
    """Return the wish ids that a message names as its subject, even when it is no envelope of ours."""
    try:
        read: Any = json.loads(body)
    except (ValueError, RecursionError):
        return frozenset()
    envelopes = read if isinstance(read, list) else [read]
    named = [each.get("subject") for each in envelopes if isinstance(each, dict)]
    return frozenset(subject for subject in named if isinstance(subject, str))
