"""Read the dead letters of all queues, as an erasure does.

A letter may be hidden from us, because somebody else holds it: `hidden` counts these.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from infra.dead_letters import HELD, DeadLetters, envelopes
from lastwish.maintenance.stores import Stores

QUEUES = ("InboxDlq", "PodsDlq")
_HELD_MORE = 0.1  # seconds for each letter that is there: ten of them take far less than a second
_LONGEST = 43_200  # SQS's bound


@dataclass(frozen=True)
class Letter:
    """A dead letter that this process holds."""

    queue: str
    body: str

    @property
    def wish_ids(self) -> frozenset[str]:
        """Wishes that it names as its subject."""
        return subjects(self.body)

    @property
    def has_text(self) -> bool:
        """True where it holds what a person typed, in an envelope of ours."""
        data = [each["data"] for each in envelopes(self.body) if isinstance(each.get("data"), dict)]
        return any(each.get("message") or each.get("name") for each in data)


@contextmanager
def held(stores: Stores) -> Iterator[list[Letter]]:
    """Hold every dead letter, invisible to others; all are visible again afterwards. Raises QueueUnavailable."""
    with ExitStack() as stack, ThreadPoolExecutor(len(QUEUES)) as readers:

        def read(queue: str) -> list[Letter]:
            seconds = min(_LONGEST, HELD + int(_HELD_MORE * stores.waiting(queue)))
            letters, _ = stack.enter_context(DeadLetters(stores.sqs, stores.queue(queue)).held(math.inf, seconds))
            return [Letter(queue, each["Body"]) for each in letters]

        yield [letter for letters in readers.map(read, QUEUES) for letter in letters]


def hidden(stores: Stores, letters: list[Letter]) -> int:
    """Return how many letters the queues have besides these. Call it while they are held."""
    return max(0, stores.waiting(*QUEUES) - len(letters))


def subjects(body: str) -> frozenset[str]:
    """Return the wish ids that a message names as its subject, even when it is no envelope of ours."""
    named = [each.get("subject") for each in envelopes(body)]
    return frozenset(subject for subject in named if isinstance(subject, str))
