"""Put back what the journal holds into a stack that was deployed just now and is empty.

Commits come first, in the order in which they were stored, then the seats, and at last the messages whose wishes are
not stored: the parser takes them at once, and must find all that was before. No request arrives meanwhile, since the
proxy starts afterwards. Killed in the middle, it can run again. The projector follows by the table's stream.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from typing import Any, cast

from domain.events import Destination
from infra.read_model import Generations
from infra.seats import Seats
from lastwish.aws.clients import Endpoint, engine_client, plain_errors
from lastwish.aws.generations import GenerationStore
from lastwish.errors import AwsError
from lastwish.local import journal
from lastwish.local.door import PUT_BACK, named
from lastwish.local.journal import Pointer, Sent, Stored, Unreadable
from lastwish.local.proxy.ledger import promised
from lastwish.local.state import Home, PutBack, State

# What one call takes.
_MOST_ITEMS, _MOST_MESSAGES = 25, 10


@dataclass
class _Found:
    """What is in the journal besides the commits. ``waiting``: messages by wish id and body, of wishes not stored."""

    pointer: Any = None
    erased: set[str | None] = field(default_factory=set)
    unreadable: list[int] = field(default_factory=list)
    waiting: dict[str | None, dict[str, Sent]] = field(default_factory=dict)
    destinations: dict[str | None, Destination] = field(default_factory=dict)
    seats: dict[str | None, int] = field(default_factory=dict)
    stored: set[str | None] = field(default_factory=set)

    @classmethod
    def in_file(cls, path: Path) -> "_Found":
        found = cls()
        for entry in journal.read(path):
            match entry:
                case Unreadable(number=number):
                    found.unreadable.append(number)
                case Pointer(item=item):
                    found.pointer = item
                case Sent(wish_id=wish_id, body=str(body)) if wish_id not in found.stored:
                    found.waiting.setdefault(wish_id, {})[body] = entry
                case Stored():
                    found._add_commit(entry)
        return found

    def _add_commit(self, commit: Stored) -> None:
        if commit.version == 1:
            self.stored.add(commit.wish_id)
            self.waiting.pop(commit.wish_id, None)
        if commit.erases:
            self.erased.add(commit.wish_id)
        if commit.destination:
            self.destinations[commit.wish_id] = cast(Destination, commit.destination)
        if commit.seat:
            self.seats[commit.wish_id] = commit.seat


def put_back(state: State, home: Home) -> PutBack:
    """Put back what the journal holds from before; the engine's own has begun. Raises AwsError, EngineFailed."""
    torn = journal.cut_off_torn_line(home.journal)
    if not home.journal.stat().st_size:
        return PutBack(torn=torn)
    found = _Found.in_file(home.journal)
    journal.erase(home.journal, found.erased)  # a crash may have been in the middle of it
    endpoint = Endpoint(state.engine, named(state.key, PUT_BACK))
    with plain_errors():
        _begin_generation(state, found.pointer)
        commits = _put(endpoint, state.outputs["EventStoreName"], _items(home.journal, found.erased))
        _restore_seats(endpoint, state.outputs["SeatsName"], found)
        messages = [message for each in found.waiting.values() for message in each.values()]
        _send(endpoint, state.outputs["InboxUrl"], messages)
    unanswered = found.waiting.keys() - set(promised(home.ledger)) - {None}
    return PutBack(commits, len(messages), len(unanswered), torn, found.unreadable)


def _begin_generation(state: State, pointer: Any) -> None:
    """Begin a new generation of the read model: a wall that is open has positions in the feed of the old one.

    The pointer is as it was otherwise, so that a blank wall stays blank.
    """
    dynamodb, table = engine_client("dynamodb", state.aws), state.outputs["ReadModelName"]
    model = GenerationStore(dynamodb, table)
    if model.generations() != Generations():  # an earlier try came this far
        return
    if pointer:
        dynamodb.put_item(TableName=table, Item=pointer)
    before = model.generations()
    new = model.announce(before)
    both = Generations(before.current, frozenset({before.current, new}))
    model.retire(model.flip(both, new), before.current)


def _items(path: Path, erased: Collection[str | None]) -> Iterator[Any]:
    """Yield the item of each commit. That of an erased wish is as ``EventStore.scrub`` leaves it."""
    for entry in journal.read(path):
        if isinstance(entry, Stored):
            yield entry.scrubbed() if entry.wish_id in erased else entry.item


def _put(endpoint: Endpoint, table: str, items: Iterable[Any]) -> int:
    """Put items. Without a condition: in a table with some of them already it puts the same once more."""
    dynamodb, count = engine_client("dynamodb", endpoint), 0
    for some in batched(items, _MOST_ITEMS, strict=False):
        by_key = {(item["stream"]["S"], item["version"]["N"]): item for item in some}  # no call takes a key twice
        left: Any = [{"PutRequest": {"Item": item}} for item in by_key.values()]
        count += len(left)
        while left:
            left = dynamodb.batch_write_item(RequestItems={table: left})["UnprocessedItems"].get(table)
    return count


def _restore_seats(endpoint: Endpoint, table: str, found: _Found) -> None:
    """Set each mark to the highest seat that is held, and free those below it that no wish holds: no worker lives."""
    held: dict[Destination, set[int]] = {}
    for wish_id, seat in found.seats.items():
        if to := found.destinations.get(wish_id):  # else its first commit cannot be read: it boards anew
            held.setdefault(to, set()).add(seat)
    highest = {to: max(taken) for to, taken in held.items()}
    seats = Seats(engine_client("dynamodb", endpoint), table, highest)
    if not seats.marks():  # else an earlier try came this far, and a worker may have leased some since
        seats.lease(highest)
        for to, taken in held.items():
            seats.give_back(to, set(range(1, highest[to])) - taken)


def _send(endpoint: Endpoint, queue: str, messages: Iterable[Sent]) -> None:
    """Send messages with their old bodies, so that ids stay. In batches: the functions are busy with the first ones."""
    sqs = engine_client("sqs", endpoint)
    for some in batched(messages, _MOST_MESSAGES, strict=False):
        entries: Any = [{"Id": str(n), **_arguments(each)} for n, each in enumerate(some)]
        if failed := sqs.send_message_batch(QueueUrl=queue, Entries=entries).get("Failed"):
            raise AwsError(f"Inbox does not take back {len(failed)} of {len(entries)} messages: {failed[0]['Code']}")


def _arguments(message: Sent) -> dict[str, Any]:
    arguments = {"MessageBody": message.body, "MessageAttributes": message.attributes}
    if message.trace_header:
        header = {"DataType": "String", "StringValue": message.trace_header}
        arguments["MessageSystemAttributes"] = {"AWSTraceHeader": header}
    return arguments
