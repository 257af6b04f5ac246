"""The read model: what is cheap to ask, made of commits and thrown away at will.

One table, keyed ``pk`` and ``sk``. Everything but the pointer belongs to a generation, a number in front of ``pk``:

| pk | sk | what |
|---|---|---|
| ``pointer`` | ``-`` | ``current``: the generation that is read; ``live``: all that are written |
| ``1#totals`` | ``-`` | wishes per destination and outcome; ``position``: how many entries the wall's feed has |
| ``1#minutes`` | ``2045-01-01T00:00`` | the same totals for the wishes recorded in one minute |
| ``1#feed`` | ``000000000001`` | which wishes were shown together, in the order of their showing |
| ``1#pod#mars#12`` | wish id | a row per wish: its folded state and the version that it has reached |
| ``1#waitlisted#mars#a`` | wish id | the same for those without a pod, by the first digit of their id |

A slice of changes is one transaction: rows conditional on their version, one delta, one feed entry at the next
position. A row never moves: what boards from the waitlist gets a copy in its pod, with ``home``. So a redelivered
commit changes nothing, and the feed has no hole.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import StoreUnavailable, TransientError
from domain.projection import Change, shelf, totals_of
from infra.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_serialise = TypeSerializer().serialize
_deserialise = TypeDeserializer().deserialize
_MOST_WRITES = 100
POINTER = {"pk": {"S": "pointer"}, "sk": {"S": "-"}}


class SliceConflict(TransientError):  # noqa: N818
    """A row or the feed was not where the slice expected it: read again and decide again."""


@dataclass(frozen=True, slots=True)
class Generations:
    """``current`` is what readers see, ``live`` is what the projector writes."""

    current: int = 1
    live: frozenset[int] = frozenset({1})


class ReadModel:
    """All generations in one table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def generations(self) -> Generations:
        """The generations as of now (a consistent read). Raises StoreUnavailable."""
        item = self._get(POINTER, consistent=True)
        return Generations(int(item["current"]), frozenset(map(int, item["live"]))) if item else Generations()

    def totals(self, generation: int, *, consistent: bool = False) -> dict[str, int]:
        """Counters by name: ``mars_boarded``, …, and ``position``. Raises StoreUnavailable."""
        item = self._get(_key(f"{generation}#totals", "-"), consistent=consistent)
        return {name: int(value) for name, value in item.items() if name not in ("pk", "sk")}

    def feed(self, generation: int, after: int, limit: int) -> list[dict[str, Any]]:
        """Feed entries behind a position: ``{"position", "wishes": ["shelf/wish id", …]}``. Raises StoreUnavailable."""
        answer = self._call(
            "query",
            KeyConditionExpression="pk = :pk AND sk > :after",
            ExpressionAttributeValues={":pk": {"S": f"{generation}#feed"}, ":after": {"S": f"{after:012}"}},
            Limit=limit,
        )
        entries = [_plain(item) for item in answer["Items"]]
        return [{"position": int(entry["sk"]), "wishes": entry["wishes"]} for entry in entries]

    def rows(self, generation: int, places: Sequence[str], *, consistent: bool = False) -> dict[str, dict[str, Any]]:
        """Rows by ``shelf/wish id``, those that exist. At most 100. Raises StoreUnavailable."""
        if not places:
            return {}
        keys: Any = [
            _key(f"{generation}#{place.rpartition('/')[0]}", place.rpartition("/")[2]) for place in set(places)
        ]
        request = {self._table: {"Keys": keys, "ConsistentRead": consistent}}
        found: list[dict[str, Any]] = []
        while request:
            answer = self._call("batch_get_item", RequestItems=request)
            found += map(_plain, answer["Responses"].get(self._table, []))
            request = answer.get("UnprocessedKeys", {})
        return {f"{row['pk'].partition('#')[2]}/{row['sk']}": row for row in found}

    def roster(self, generation: int, destination: str, pod: int) -> list[dict[str, Any]]:
        """The rows of one pod. Raises StoreUnavailable."""
        pk = {":pk": {"S": f"{generation}#pod#{destination}#{pod}"}}
        answer = self._call("query", KeyConditionExpression="pk = :pk", ExpressionAttributeValues=pk)
        return [_plain(item) for item in answer["Items"]]

    def apply(self, generation: int, changes: Sequence[Change]) -> None:
        """Write a slice (see ``sliced``) as one transaction. Raises SliceConflict or StoreUnavailable."""
        position = self.totals(generation, consistent=True).get("position", 0)
        shown = [f"{each.home}/{each.wish_id}" for each in changes if each.is_new_on_the_wall]
        writes = [write for each in changes for write in self._row(generation, each)]
        writes += self._minutes(generation, changes)
        writes += self._counters(generation, totals_of(changes), position, shown)
        try:
            self._client.transact_write_items(TransactItems=writes)
        except (BotoCoreError, ClientError) as error:
            code = error_code(error)
            if code == "TransactionCanceledException":
                raise SliceConflict(code) from error
            raise StoreUnavailable(code) from error

    def _row(self, generation: int, each: Change) -> list[Any]:
        wish, place = each.after, shelf(each.after, each.wish_id)
        item = {
            **{
                name: getattr(wish, name)
                for name in ("destination", "outcome", "visibility", "seat", "name", "message")
            },
            "version": each.version,
            "shown_at": each.shown_at,
        }
        row = {name: _serialise(value) for name, value in item.items() if value is not None}
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": _key(f"{generation}#{each.home}", each.wish_id) | row,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if each.before:
            put["ConditionExpression"] = "version = :before"
            put["ExpressionAttributeValues"] = {":before": {"N": str(each.version_before)}}
        if place == each.home:
            return [{"Put": put}]
        copy = _key(f"{generation}#{place}", each.wish_id) | row | {"home": {"S": each.home}}
        return [{"Put": put}, {"Put": {"TableName": self._table, "Item": copy}}]

    def _minutes(self, generation: int, changes: Sequence[Change]) -> list[Any]:
        minutes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for each in changes:
            minutes[each.minute].update(each.totals)
        return [
            self._add(_key(f"{generation}#minutes", minute), delta)
            for minute, delta in minutes.items()
            if any(delta.values())
        ]

    def _counters(self, generation: int, delta: Counter[str], position: int, shown: list[str]) -> list[Any]:
        key = _key(f"{generation}#totals", "-")
        if not shown:
            return [self._add(key, delta)] if delta else []
        # At the next position or not at all: whoever was there first makes this slice a conflict.
        entry = _key(f"{generation}#feed", f"{position + 1:012}") | {"wishes": _serialise(shown)}
        put = {"TableName": self._table, "Item": entry, "ConditionExpression": "attribute_not_exists(pk)"}
        return [{"Put": put}, self._add(key, {**delta, "position": 1})]

    def _add(self, key: Any, delta: Mapping[str, int]) -> Any:
        names = {f"#{n}": name for n, name in enumerate(delta)}
        return {
            "Update": {
                "TableName": self._table,
                "Key": key,
                "UpdateExpression": "ADD " + ", ".join(f"#{n} :{n}" for n in range(len(delta))),
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": {f":{n}": {"N": str(count)} for n, count in enumerate(delta.values())},
            }
        }

    def _get(self, key: Any, *, consistent: bool) -> dict[str, Any]:
        return _plain(self._call("get_item", Key=key, ConsistentRead=consistent).get("Item", {}))

    def _call(self, operation: str, **arguments: Any) -> Any:
        table = {} if operation == "batch_get_item" else {"TableName": self._table}
        try:
            return getattr(self._client, operation)(**table, **arguments)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"read model: {error_code(error)}") from error


def sliced(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Cut changes into slices that fit a transaction's 100 writes: rows, those with a copy twice, minutes, two more."""
    slice_: list[Change] = []
    writes, minutes = 2, set[str]()
    for each in changes:
        cost = each.rows + (each.minute not in minutes)
        if writes + cost > _MOST_WRITES:
            yield slice_
            slice_, writes, minutes = [], 2, set()
            cost = each.rows + 1
        slice_.append(each)
        writes += cost
        minutes.add(each.minute)
    if slice_:
        yield slice_


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _deserialise(value) for name, value in item.items()}
