"""Redrive dead letters, or park them: send first, delete then.

Whoever is killed in between leaves a letter whose message was sent already: it comes twice, and the chain stores it
once. StartMessageMoveTask is not used: it moves all or nothing, keeps a reason that is over, and the local engine has
none. A letter of ProjectorDlq says only where a batch stood in the stream, which may be gone after a day: every commit
is applied again instead.
"""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import error_code
from lastwish.aws.clients import plain_errors
from lastwish.errors import UsageError
from lastwish.maintenance import rebuild
from lastwish.maintenance.dead_letters import PARKED, Letter
from lastwish.maintenance.dlq import DEAD, PROJECTOR, Examined, Letters, examined
from lastwish.maintenance.letter_class import Class
from lastwish.maintenance.stores import Stores
from lastwish.promises import Promises

_SOURCES = {"InboxDlq": "Inbox", "PodsDlq": "Pods"}
_NOTES = ("reason", "parked_from", "parked_because")  # about the letter: not sent back with the message
_MOST_FAILURES = 3  # after so many, the next one would fail too
LONGEST_REASON = 200  # characters


class Progress(rebuild.Progress, Protocol):
    """Shows how far a redrive is."""

    def moving(self, count: int) -> AbstractContextManager[Callable[[int], None]]:
        """Return a function that takes the number of letters just moved, of so many."""


@dataclass(frozen=True)
class Moved:
    """Letters that were moved, those that could not be (with why), and how many dead letters there are afterwards."""

    moved: list[dict[str, object]]
    failed: list[dict[str, object]]
    hidden: int
    left: int

    @property
    def ok(self) -> bool:
        """True when every chosen letter was moved, and none was out of reach."""
        return not (self.failed or self.hidden)

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        counts = {"done": len(self.moved), "left": self.left, "hidden": self.hidden}
        return {"ok": self.ok, **counts, "letters": self.moved, "failed": self.failed}


@dataclass(frozen=True)
class Choice:
    """Letters with these ids; without ids, those of these classes. At most ``rate`` a second are moved."""

    ids: Collection[str]
    kinds: Collection[Class]
    rate: float

    @contextmanager
    def letters(self, stores: Stores, promises: Callable[[], Promises]) -> Iterator[Letters]:
        """Hold them. Raises NoSuchLetter, QueueUnavailable, StoreUnavailable."""
        with examined(stores, promises) as letters:
            yield letters.choose(self.ids, self.kinds)


def redrive(stores: Stores, promises: Callable[[], Promises], choice: Choice, progress: Progress) -> Moved:
    """Send letters back to where they came from. Raises NoSuchLetter, UsageError, Busy, AwsError."""
    with plain_errors(), choice.letters(stores, promises) as letters:
        if lost := [each.letter.id for each in letters.found if _origin(each.letter) not in DEAD]:
            raise UsageError(f"{', '.join(lost)} was parked by somebody else: nothing says where it came from")
        batches = any(_origin(each.letter) == PROJECTOR for each in letters.found)
        unreadable = rebuild.replay(stores, progress) if batches else []

        def send(letter: Letter) -> str | None:
            source = _SOURCES.get(_origin(letter))
            if source is None:
                return f"{len(unreadable)} commits cannot be read: see `lastwish audit`" if unreadable else None
            return _send(stores, source, letter, {})

        return _move(stores, letters, choice, progress, send)


def park(stores: Stores, promises: Callable[[], Promises], choice: Choice, reason: str, progress: Progress) -> Moved:
    """Put letters aside, with a reason. Raises NoSuchLetter, UsageError, AwsError."""
    if not (0 < len(reason) <= LONGEST_REASON and reason.isprintable()):
        raise UsageError(f"a reason has 1 to {LONGEST_REASON} characters, in one line")
    with plain_errors(), choice.letters(stores, promises) as letters:
        if there := [each.letter.id for each in letters.found if each.letter.queue == PARKED]:
            raise UsageError(f"parked already: {', '.join(there)}")

        def send(letter: Letter) -> str | None:
            notes = {"reason": letter.attribute("reason"), "parked_from": letter.queue, "parked_because": reason}
            return _send(stores, PARKED, letter, notes)

        return _move(stores, letters, choice, progress, send)


def _origin(letter: Letter) -> str:
    return letter.attribute("parked_from") or "" if letter.queue == PARKED else letter.queue


def _move(
    stores: Stores, letters: Letters, choice: Choice, progress: Progress, send: Callable[[Letter], str | None]
) -> Moved:
    """Send and delete one letter after the other. ``send`` returns why it could not."""
    moved, failed = list[Examined](), list[dict[str, object]]()
    with progress.moving(len(letters.found)) as advance:
        for each in letters.found:
            why = send(each.letter) or _delete(stores, each.letter)
            if why:
                failed.append({"message_id": each.letter.id, "queue": each.letter.queue, "error": why})
            else:
                moved.append(each)
            if len(failed) == _MOST_FAILURES:
                break
            advance(1)
            time.sleep(1 / choice.rate)
    hidden = 0 if choice.ids else letters.hidden
    return Moved([each.facts() for each in moved], failed, hidden, stores.waiting(*DEAD))


def _send(stores: Stores, queue: str, letter: Letter, notes: dict[str, str | None]) -> str | None:
    attributes = {
        name: value for name, value in letter.message.get("MessageAttributes", {}).items() if name not in _NOTES
    }
    attributes |= {name: _text(value) for name, value in notes.items() if value}
    header = letter.message["Attributes"].get("AWSTraceHeader")
    system = {"AWSTraceHeader": _text(header)} if header else {}
    return _try(
        stores.sqs.send_message,
        QueueUrl=stores.queue(queue),
        MessageBody=letter.body,
        MessageAttributes=attributes,
        MessageSystemAttributes=system,
    )


def _text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def _delete(stores: Stores, letter: Letter) -> str | None:
    handle = letter.message["ReceiptHandle"]
    return _try(stores.sqs.delete_message, QueueUrl=stores.queue(letter.queue), ReceiptHandle=handle)


def _try(call: Callable[..., Any], **arguments: Any) -> str | None:
    try:
        call(**arguments)
    except (BotoCoreError, ClientError) as error:
        return error_code(error)
    return None
