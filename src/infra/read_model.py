"""Read model: cheap to query, built from commits, and rebuilt at any time.

One table, keyed ``pk`` and ``sk``. Everything but the pointer belongs to a generation, a number in front of ``pk``:

| pk | sk | what |
|---|---|---|
| ``pointer`` | ``-`` | ``current``: the generation that is read; ``live``: all that are written; ``blank``: the wall |
| ``1#totals`` | ``-`` | wishes per destination and outcome; ``feed``, ``news``: the ends of the two feeds |
| ``1#feed#0`` | ``000000000001`` | of one slice: ``wishes`` to show, by shelf, when ``due``; totals per ``minutes`` |
| ``1#news#0`` | ``000000000001`` | wishes that an operator moderated, with the ``version`` of their rows, by shelf |
| ``1#pod#mars#12`` | wish id | a row per wish: its folded state and the version that it has reached |
| ``1#waitlisted#mars#a`` | wish id | the same for those without a pod, by the first digit of their id |

A slice of changes is one transaction: rows conditional on their version, one delta, one feed entry at the next
position. A row never moves: a wish that boards from the waitlist gets a copy in its pod, with ``home``. So a
redelivered commit changes nothing, and the feed has no gap. The index ``held`` has only the rows for an operator.
A feed is cut into buckets of ``BUCKET`` positions, a partition each, so that no partition grows without end: position
250 is in ``1#feed#2`` (docs/decisions/0033).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched, chain, islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import StoreUnavailable, TransientError
from domain.projection import Change, shelf, totals_of
from infra.aws import THROTTLED, error_code
from infra.items import serialise, values_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_WRITES = 100
_MOST_KEYS = 100
_NOT_THERE = "attribute_not_exists(pk)"
_LOST = "ConditionalCheckFailed"
_CONFLICTS = {"None", _LOST, "TransactionConflict"}
_THROTTLINGS = {"ThrottlingError", "ProvisionedThroughputExceeded"}
_OF_THE_WISH = ("destination", "outcome", "visibility", "seat", "name", "message")
_HELD = "held"  # an index on visibility and held_at: sparse, since only held rows have a held_at
POINTER = {"pk": {"S": "pointer"}, "sk": {"S": "-"}}
BUCKET = 100  # positions in a partition of a feed; the longest page of the wall reads two of them at most
_UNCUT = "position"  # the end of a feed in one partition, as it was before decision 0033
POSITIONS = ("feed", "news", _UNCUT)  # the ends of the feeds, which stand among the counters


class SliceConflict(TransientError):  # noqa: N818
    """Another writer was faster. ``wish_ids``: whose rows have another version. The other changes can be sent again."""

    def __init__(self, reason: str, wish_ids: frozenset[str]) -> None:
        super().__init__(reason)
        self.wish_ids = wish_ids


@dataclass(frozen=True, slots=True)
class Generations:
    """Readers see ``current``, the projector writes all ``live`` ones. ``blank``: an operator blanked the wall.

    ``last`` is the highest number that a rebuild ever gave.
    """

    current: int = 1
    live: frozenset[int] = frozenset({1})
    blank: bool = field(default=False, compare=False)
    last: int = field(default=1, compare=False)


class ReadModel:
    """All generations of the read model, in one table. ``guard``: must hold with each slice, for TransactWriteItems."""

    guard: Sequence[Any] = ()

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def generations(self) -> Generations:
        """Return the generations, by a consistent read. Raises StoreUnavailable."""
        item = self._get(POINTER, consistent=True)
        current, live = int(item.get("current", 1)), frozenset(map(int, item.get("live", {1})))
        return Generations(current, live, item.get("blank", False), int(item.get("last", 1)))

    def blank(self, on: bool) -> None:
        """Blank the wall, or bring it back. A rebuild keeps it, beside the pointer. Raises StoreUnavailable."""
        values = {":on": {"BOOL": on}}
        self._call("update_item", Key=POINTER, UpdateExpression="SET blank = :on", ExpressionAttributeValues=values)

    def totals(self, generation: int, *, consistent: bool = False) -> dict[str, int]:
        """Return the counters by name: ``mars_boarded``, …, ``feed``, ``news``. Raises StoreUnavailable."""
        item = self._get(_key(f"{generation}#totals", "-"), consistent=consistent)
        return {name: int(value) for name, value in item.items() if name not in ("pk", "sk")}

    def ends(self, generation: int) -> tuple[int, int]:
        """Return the last positions of feed and news. Raises StoreUnavailable, also for a feed that is not cut yet."""
        totals = self.totals(generation)
        if _UNCUT in totals:
            raise StoreUnavailable("read model: its feed is in one partition: run lastwish rebuild")
        return totals.get("feed", 0), totals.get("news", 0)

    def feed(self, generation: int, after: int, end: int, limit: int) -> Iterator[dict[str, Any]]:
        """Yield the feed's entries after a position up to its ``end``, as ``feed_entry`` gives them."""
        return map(feed_entry, self._after(f"{generation}#feed", after, end, limit))

    def news(self, generation: int, after: int, end: int, limit: int) -> list[dict[str, Any]]:
        """Return the news after a position up to their ``end``, as ``news_entry`` gives them."""
        return [news_entry(item) for item in self._after(f"{generation}#news", after, end, limit)]

    def newest(self, generation: int, end: int) -> Iterator[dict[str, Any]]:
        """Yield the feed's entries, newest first. Raises StoreUnavailable."""
        for bucket in range(end // BUCKET, -1, -1):
            yield from map(feed_entry, self._bucket(f"{generation}#feed#{bucket}", ScanIndexForward=False))

    def _after(self, feed: str, after: int, end: int, limit: int) -> Iterator[dict[str, Any]]:
        buckets = range((after + 1) // BUCKET, end // BUCKET + 1) if after < end else ()
        # All but the last are complete. Read consistently, or the next would be read before the end of one is seen.
        read = (self._bucket(f"{feed}#{n}", after, Limit=limit, ConsistentRead=n < end // BUCKET) for n in buckets)
        return islice(chain.from_iterable(read), limit)

    def _bucket(self, pk: str, after: int = 0, **how: Any) -> Iterator[dict[str, Any]]:
        values = {":pk": {"S": pk}, ":after": {"S": f"{after:012}"}}
        return self._every(KeyConditionExpression="pk = :pk AND sk > :after", ExpressionAttributeValues=values, **how)

    def rows(self, generation: int, places: Sequence[str], *, consistent: bool = False) -> dict[str, dict[str, Any]]:
        """Return the rows that exist, by ``shelf/wish id``. Raises StoreUnavailable."""
        found: list[dict[str, Any]] = []
        for some in batched(dict.fromkeys(places), _MOST_KEYS, strict=False):
            keys = [key_of(generation, place) for place in some]
            request: Any = {self._table: {"Keys": keys, "ConsistentRead": consistent}}
            while request:
                response = self._call("batch_get_item", RequestItems=request)
                found += map(values_of, response["Responses"].get(self._table, []))
                request = response.get("UnprocessedKeys", {})
        return {f"{row['pk'].partition('#')[2]}/{row['sk']}": row for row in found}

    def drop_rows(self, generation: int, places: Iterable[str]) -> None:
        """Delete the rows at these places (``shelf/wish id``). Raises StoreUnavailable."""
        for place in places:
            self._call("delete_item", Key=key_of(generation, place))

    def held(self, generation: int) -> Iterator[dict[str, Any]]:
        """Yield the held rows, longest held first. Raises StoreUnavailable."""
        return self._every(
            IndexName=_HELD,
            KeyConditionExpression="visibility = :held",
            FilterExpression="begins_with(pk, :generation)",
            ExpressionAttributeValues={":held": {"S": "held"}, ":generation": {"S": f"{generation}#"}},
        )

    def _every(self, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield all items of a query. Read the next page only when an item of it is needed."""
        start: dict[str, Any] = {}
        while True:
            response = self._call("query", **query, **start)
            yield from map(values_of, response["Items"])
            if "LastEvaluatedKey" not in response:
                return
            start = {"ExclusiveStartKey": response["LastEvaluatedKey"]}

    def apply(self, generation: int, changes: Sequence[Change], now: datetime) -> None:
        """Write a slice (see ``sliced``) as one transaction. Raises SliceConflict or StoreUnavailable."""
        totals = self.totals(generation, consistent=True)
        rows = [(change.wish_id, write) for change in changes for write in self._row(generation, change)]
        writes = [write for _, write in rows]
        entries = {"feed": _entry_of(changes, now)}
        if moderated := [change for change in changes if change.is_moderated]:
            entries["news"] = _news_of(moderated)
        for feed, entry in entries.items():
            # At the next position or not at all: an entry that is there already makes this slice a conflict.
            position = totals.get(feed, 0) + 1
            item = _key(f"{generation}#{feed}#{position // BUCKET}", f"{position:012}") | entry
            writes.append({"Put": {"TableName": self._table, "Item": item, "ConditionExpression": _NOT_THERE}})
        delta = {**totals_of(changes), **dict.fromkeys(entries, 1)}
        writes.append(self._add(_key(f"{generation}#totals", "-"), delta))
        try:
            self._client.transact_write_items(TransactItems=[*writes, *self.guard])
        except (BotoCoreError, ClientError) as error:
            raise _failure(error, [wish_id for wish_id, _ in rows]) from error

    def _row(self, generation: int, change: Change) -> list[Any]:
        wish, place = change.after, shelf(change.after, change.wish_id)
        item = {
            **{name: getattr(wish, name) for name in _OF_THE_WISH},
            "version": change.version,
            "shown_at": change.shown_at.isoformat() if change.shown_at else None,
            "held_at": change.held_at,
            "held_for": wish.held_for if change.held_at else None,
        }
        row = {name: serialise(value) for name, value in item.items() if value is not None}
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": _key(f"{generation}#{change.home}", change.wish_id) | row,
            "ConditionExpression": _NOT_THERE,
        }
        if change.before:
            put["ConditionExpression"] = "version = :before"
            put["ExpressionAttributeValues"] = {":before": {"N": str(change.version_before)}}
        if place == change.home:
            return [{"Put": put}]
        row.pop("held_at", None)  # so that the index has a wish once
        copy = _key(f"{generation}#{place}", change.wish_id) | row | {"home": {"S": change.home}}
        return [{"Put": put}, {"Put": {"TableName": self._table, "Item": copy}}]

    def _add(self, key: Any, delta: Mapping[str, int]) -> Any:
        update = {
            "TableName": self._table,
            "Key": key,
            "UpdateExpression": "ADD " + ", ".join(f"{name} :{name}" for name in delta),
            "ExpressionAttributeValues": {f":{name}": {"N": str(count)} for name, count in delta.items()},
        }
        return {"Update": update}

    def _get(self, key: Any, *, consistent: bool) -> dict[str, Any]:
        return values_of(self._call("get_item", Key=key, ConsistentRead=consistent).get("Item", {}))

    def _call(self, operation: str, **arguments: Any) -> Any:
        table = {} if operation == "batch_get_item" else {"TableName": self._table}
        try:
            return getattr(self._client, operation)(**table, **arguments)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"read model: {error_code(error)}") from error


def sliced(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield slices that fit a transaction's 100 writes: one or two per change, and four more."""
    slice_: list[Change] = []
    writes = 4
    for change in changes:
        if writes + change.row_count > _MOST_WRITES:
            yield slice_
            slice_, writes = [], 4
        slice_.append(change)
        writes += change.row_count
    if slice_:
        yield slice_


def _failure(error: Exception, wish_ids: Sequence[str]) -> TransientError:
    """Return why a transaction was not carried out. ``wish_ids``: whose rows its first writes are, in their order."""
    code = error_code(error)
    if code != "TransactionCanceledException":
        return StoreUnavailable(code)
    # One for each write, in the order of the writes (API Reference, TransactionCanceledException).
    codes = [reason["Code"] for reason in getattr(error, "response", {})["CancellationReasons"]]
    if others := set(codes) - _CONFLICTS:
        return StoreUnavailable(f"read model: {', '.join(sorted(others))}", THROTTLED if others & _THROTTLINGS else "")
    return SliceConflict(code, frozenset(wish for wish, code in zip(wish_ids, codes, strict=False) if code == _LOST))


def _entry_of(changes: Sequence[Change], now: datetime) -> dict[str, Any]:
    """Return the feed's entry of a slice: ids by shelf, totals by minute. One write unit holds twenty wishes."""
    wishes: defaultdict[str, list[str]] = defaultdict(list)
    minutes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    due = ""
    for change in changes:
        minutes[change.minute].update(change.totals)
        if change.is_new_on_the_wall:
            wishes[change.home].append(change.wish_id)
            due = max(due, change.due_at(now).isoformat())
    entry = {"wishes": dict(wishes), "due": due, "minutes": {name: dict(of) for name, of in minutes.items()}}
    return {name: serialise(part) for name, part in entry.items()}


def _news_of(changes: Sequence[Change]) -> dict[str, Any]:
    versions: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for change in changes:
        versions[change.home][change.wish_id] = change.version
    return {"versions": serialise(dict(versions))}


def feed_entry(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a feed entry: ``{"position", "wishes": ["shelf/wish id", …], "due": ISO time, "minutes": {…}}``."""
    return {
        "position": int(item["sk"]),
        "wishes": [f"{shelf}/{wish_id}" for shelf, wish_ids in item["wishes"].items() for wish_id in wish_ids],
        "due": item.get("due", ""),
        "minutes": {minute: {name: int(n) for name, n in totals.items()} for minute, totals in item["minutes"].items()},
    }


def news_entry(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a news entry: ``{"position", "versions": {"shelf/wish id": version}}``."""
    versions = {f"{shelf}/{wish_id}": int(n) for shelf, of in item["versions"].items() for wish_id, n in of.items()}
    return {"position": int(item["sk"]), "versions": versions}


def key_of(generation: int, place: str) -> dict[str, Any]:
    """Return the key of a row from its place, ``shelf/wish id``."""
    where, _, wish_id = place.rpartition("/")
    return _key(f"{generation}#{where}", wish_id)


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
