"""Read the dead letters of all queues, as an erasure does.

A letter may be hidden from us, because somebody else holds it: `hidden` counts these.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import batched, groupby
from threading import Event, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.envelope import canonical
from infra.dead_letters import HELD, DeadLetters, envelopes
from lastwish.maintenance.stores import Stores

QUEUES = ("InboxDlq", "PodsDlq")
PARKED = "Parked"  # where `lastwish dlq park` puts letters aside
WITH_TEXT = (*QUEUES, PARKED)
_HELD_MORE = 0.1  # seconds for each letter that is there: ten of them take far less than a second
_LONGEST = 43_200  # SQS's bound
_RENEWED = 20.0  # seconds between two renewals
_TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")


@dataclass(frozen=True)
class Letter:
    """A dead letter that this process holds. ``message`` is the same as boto3 gives it, with all attributes."""

    queue: str
    body: str
    message: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """SQS's id of it in this queue: it gets another one wherever it is sent."""
        return str(self.message["MessageId"])

    @property
    def receives(self) -> int:
        """How often it was received, by those who only looked at it too."""
        return int(self.message["Attributes"]["ApproximateReceiveCount"])

    @property
    def sent(self) -> datetime:
        """Time at which it was sent: by the first sender where SQS moved it here, else by who moved it."""
        return datetime.fromtimestamp(int(self.message["Attributes"]["SentTimestamp"]) / 1000, UTC)

    @cached_property
    def wish_ids(self) -> frozenset[str]:
        """Wishes that it names as its subject."""
        return subjects(self.body)

    @cached_property
    def wish_id(self) -> str | None:
        """The one wish that it is about; None where it names no wish id, or several."""
        named = list(filter(is_wish_id, self.wish_ids))
        return named[0] if len(named) == 1 else None

    @property
    def trace_id(self) -> str | None:
        """Trace of its wish, from SQS's own attribute or our copy of it."""
        own = self.message["Attributes"].get("AWSTraceHeader")
        found = _TRACE_ID.search(own or self.attribute("trace_header") or "")
        return found and found[0]

    @property
    def has_text(self) -> bool:
        """True where it holds what a person typed, in an envelope of ours."""
        data = [each["data"] for each in envelopes(self.body) if isinstance(each.get("data"), dict)]
        return any(each.get("message") or each.get("name") for each in data)

    def attribute(self, name: str) -> str | None:
        """Return a text attribute of the message."""
        text = self.message.get("MessageAttributes", {}).get(name, {}).get("StringValue")
        return str(text) if text else None


@contextmanager
def held(stores: Stores, queues: Sequence[str] = WITH_TEXT) -> Iterator[list[Letter]]:
    """Hold every dead letter, invisible to others; what was not removed is visible again afterwards.

    Each is held for a minute, again and again: so it is visible soon after this process was killed, too.
    Raises QueueUnavailable.
    """
    with ExitStack() as stack, ThreadPoolExecutor(len(queues)) as readers:

        def read(queue: str) -> list[Letter]:
            seconds = min(_LONGEST, HELD + int(_HELD_MORE * stores.waiting(queue)))
            letters, _ = stack.enter_context(DeadLetters(stores.sqs, stores.queue(queue)).held(math.inf, seconds))
            return [Letter(queue, each["Body"], each) for each in letters]

        letters = [letter for letters in readers.map(read, queues) for letter in letters]
        over = Event()
        keeper = Thread(target=_renew, args=(stores, letters, over), name="letters")
        keeper.start()
        try:
            yield letters
        finally:
            over.set()
            keeper.join()


def _renew(stores: Stores, letters: list[Letter], over: Event) -> None:
    while not over.wait(_RENEWED):
        for queue, some in groupby(letters, lambda each: each.queue):
            for few in batched(some, 10, strict=False):  # what was removed meanwhile fails, as it should
                seconds = {"VisibilityTimeout": HELD}
                entries = [{"Id": each.id, "ReceiptHandle": each.message["ReceiptHandle"], **seconds} for each in few]
                with suppress(BotoCoreError, ClientError):  # the next round tries again
                    stores.sqs.change_message_visibility_batch(QueueUrl=stores.queue(queue), Entries=entries)


def hidden(stores: Stores, letters: list[Letter], queues: Sequence[str] = WITH_TEXT) -> int:
    """Return how many letters these queues have besides these. Call it while they are held."""
    return max(0, stores.waiting(*queues) - sum(letter.queue in queues for letter in letters))


def subjects(body: str) -> frozenset[str]:
    """Return the wish ids that a message names as its subject, even when it is no envelope of ours."""
    named = [each.get("subject") for each in envelopes(body)]
    return frozenset(subject for subject in named if isinstance(subject, str))


def is_wish_id(name: str) -> bool:
    """Tell if a subject can be a wish at all: strangers write anything."""
    try:
        canonical(name)
    except ValueError:
        return False
    return True
