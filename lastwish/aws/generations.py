"""Read model by whole generations, as a rebuild and an audit need it.

A generation is announced (from then on the projector writes it), made current (readers see it), retired (it is no
longer written) and dropped. No function does any of this; the operator's commands do.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import StoreUnavailable, TransientError
from infra.aws import error_code
from infra.items import values_of
from infra.read_model import POINTER, POSITIONS, Generations, ReadModel
from lastwish.aws.scan import scan

_MOST_DELETES = 25  # in one BatchWriteItem


class PointerMoved(TransientError):  # noqa: N818
    """Another rebuild changed which generations exist."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a generation. ``shelf`` and ``name`` are its key without the generation, ``values`` all the rest.

    ``shelf`` is "totals", a bucket ("feed#0", "news#0"), or the shelf of a wish's row, whose ``name`` is the wish id.
    """

    generation: int
    shelf: str
    name: str
    values: dict[str, Any]


class GenerationStore(ReadModel):
    """Read model with the life of its generations. Every method raises StoreUnavailable."""

    def fenced(self, guard: Any) -> "GenerationStore":
        """Return the same, but its slices are written only while a condition holds (an entry of TransactWriteItems)."""
        fenced = GenerationStore(self._client, self._table)
        fenced.guard = (guard,)
        return fenced

    def announce(self, there: Generations) -> int:
        """Make a new generation live beside the current one, instead of all others. Return its number, a new one.

        ``there`` is what was read of the pointer. Raises PointerMoved.
        """
        # What is left of a generation that was given up must not look like part of a new one.
        new = max({there.last, there.current, *there.live}) + 1
        self._move(there, Generations(there.current, frozenset({there.current, new})), last=new)
        return new

    def flip(self, there: Generations, new: int) -> Generations:
        """Make another live generation current. Raises PointerMoved."""
        return self._move(there, Generations(new, there.live))

    def retire(self, there: Generations, old: int) -> Generations:
        """Stop writing a generation, from the projector's next invocation on. Raises PointerMoved."""
        return self._move(there, Generations(there.current, there.live - {old}))

    def scan(self, generations: Collection[int]) -> Iterator[Entry]:
        """Yield every item of these generations, in no order."""
        with _unavailable():
            for page in scan(self._client, self._table):
                for item in page:
                    generation, shelf = _split(item)
                    if generation in generations:
                        values = {name: value for name, value in values_of(item).items() if name not in ("pk", "sk")}
                        yield Entry(generation, shelf, item["sk"]["S"], values)

    def drop(self, kept: Collection[int], newest: int) -> int:
        """Delete every item of all other generations up to the newest known. Return how many there were.

        A later one belongs to another rebuild, which took over from one that slept: its counters must not go.
        """
        count = 0
        with _unavailable():
            for page in scan(self._client, self._table, ProjectionExpression="pk, sk"):
                gone = [key for key in page if 0 < (generation := _split(key)[0]) <= newest and generation not in kept]
                self._delete(gone)
                count += len(gone)
        return count

    def counters(self, *generations: int) -> list[dict[str, Any]]:
        """Return the counters of several generations as of one instant, as stored, without those that are 0."""
        keys = [{"pk": {"S": f"{generation}#totals"}, "sk": {"S": "-"}} for generation in generations]
        gets: Any = [{"Get": {"TableName": self._table, "Key": key}} for key in keys]
        with _unavailable():
            responses = self._client.transact_get_items(TransactItems=gets)["Responses"]
        return [
            {
                name: n
                for name, n in values_of(each.get("Item", {})).items()
                if name not in ("pk", "sk", *POSITIONS) and n
            }
            for each in responses
        ]

    def _delete(self, keys: Sequence[Any]) -> None:
        for some in batched(keys, _MOST_DELETES, strict=False):
            left: Any = {self._table: [{"DeleteRequest": {"Key": key}} for key in some]}
            while left:
                left = self._client.batch_write_item(RequestItems=left)["UnprocessedItems"]

    def _move(self, before: Generations, after: Generations, **last: int) -> Generations:
        values: dict[str, Any] = {
            ":was": {"N": str(before.current)},
            ":were": _numbers(before),
            ":current": {"N": str(after.current)},
            ":live": _numbers(after),
            **{f":{name}": {"N": str(value)} for name, value in last.items()},
        }
        assignments = ["#current = :current", "live = :live", *(f"#{name} = :{name}" for name in last)]
        # No pointer yet means the first generation alone.
        first = "attribute_not_exists(#current) OR " if before == Generations() else ""
        with _unavailable():
            self._client.update_item(
                TableName=self._table,
                Key=POINTER,
                UpdateExpression="SET " + ", ".join(assignments),
                ConditionExpression=f"{first}(#current = :was AND live = :were)",
                ExpressionAttributeNames={"#current": "current", **{f"#{name}": name for name in last}},
                ExpressionAttributeValues=values,
            )
        return after


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        code = error_code(error)
        if code == "ConditionalCheckFailedException":  # only the pointer has a condition
            raise PointerMoved("another rebuild moved the pointer") from error
        raise StoreUnavailable(f"read model: {code}") from error


def _split(item: Any) -> tuple[int, str]:
    """Generation and shelf of an item; generation 0 for what belongs to none: the pointer, a lock."""
    generation, _, shelf = item["pk"]["S"].partition("#")
    return (int(generation), shelf) if generation.isdecimal() else (0, "")


def _numbers(generations: Generations) -> Any:
    return {"NS": [str(number) for number in sorted(generations.live)]}
