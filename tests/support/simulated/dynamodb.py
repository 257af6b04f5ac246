"""DynamoDB in memory: one step at a time, so each operation is atomic, as a single item's or a transaction's is there.

Reads that are not consistent, and reads of an index, may be stale where ``chance`` is given: a partition is then read
as it was a moment ago. Items are shared and never changed in place.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.support.simulated import expressions
from tests.support.simulated.errors import Refused, invalid
from tests.support.simulated.tables import LONGEST_LAG, Item, Key, Table, hash_of, scalar, size_of

_MOST_BYTES = 400 * 1024
_PAGE_BYTES = 1024 * 1024
_STALE = 0.1  # share of the eventually consistent reads that are
_TOKEN_LIVES = 600  # seconds: AWS keeps a ClientRequestToken for ten minutes


class DynamoDB:
    """Tables by name. ``clock`` gives seconds; ``page`` is the most items of a page without a limit, None for
    AWS's 1 MB."""

    def __init__(self, clock: Callable[[], float], chance: Random | None = None) -> None:
        self.tables: dict[str, Table] = {}
        self._clock, self._chance = clock, chance
        self.page: int | None = None
        self._tokens: dict[str, float] = {}

    def CreateTable(self, p: Any) -> Any:
        indexes = {each["IndexName"]: _key_of(each["KeySchema"]) for each in p.get("GlobalSecondaryIndexes", [])}
        partition, sort = _key_of(p["KeySchema"])
        self.tables[p["TableName"]] = Table(partition, sort or None, indexes)
        return {"TableDescription": {"TableName": p["TableName"]}}

    # --- reads

    def GetItem(self, p: Any) -> Any:
        table = self._table(p)
        item = self._read(table, table.key(p["Key"]), self._lag(p))
        return {} if item is None else {"Item": _projected(item, p)}

    def BatchGetItem(self, p: Any) -> Any:
        answers: dict[str, list[Item]] = {}
        if not 0 < sum(len(each["Keys"]) for each in p["RequestItems"].values()) <= 100:
            raise invalid("1 to 100 keys are read at once")
        for name, request in p["RequestItems"].items():
            table = self._named(name)
            keys = [table.key(key) for key in request["Keys"]]
            if len(set(keys)) < len(keys):
                raise invalid("Provided list of item keys contains duplicates")
            lags = {key[0]: self._lag(request) for key in keys}
            found = [self._read(table, key, lags[key[0]]) for key in keys]
            answers[name] = [_projected(item, request) for item in found if item is not None]
        return {"Responses": answers, "UnprocessedKeys": {}}

    def TransactGetItems(self, p: Any) -> Any:
        gets = [each["Get"] for each in p["TransactItems"]]
        items = [(self._table(get).get(self._table(get).key(get["Key"])), get) for get in gets]
        return {"Responses": [{"Item": _projected(item, get)} if item else {} for item, get in items]}

    def Query(self, p: Any) -> Any:
        table = self._table(p)
        names, values = p.get("ExpressionAttributeNames", {}), p["ExpressionAttributeValues"]
        wanted = expressions.key_condition(p["KeyConditionExpression"], names, values)
        partition, sort = table.indexes[p["IndexName"]] if "IndexName" in p else (table.partition, table.sort or "")
        lag = self._lag(p)
        equal = wanted.pop(partition)[1]
        if "IndexName" in p:
            if p.get("ConsistentRead"):
                raise invalid("Consistent reads are not supported on global secondary indexes")
            keys = [table.key(item) for item in table.all()]
            there = [item for key in keys if (item := self._read(table, key, lag))]
            there = [item for item in there if item.get(partition) == equal and sort in item]
        else:
            keys = [(scalar(equal), each) for each in table.items.get(scalar(equal), {})]
            there = [item for key in keys if (item := self._read(table, key, lag))]
        for name, (operator, value) in wanted.items():
            test = expressions.condition(f"#name {operator} :value").run
            there = [item for item in there if test(item, {"#name": name}, {":value": value})]
        there.sort(key=lambda item: (scalar(item[sort]), table.key(item)), reverse=not p.get("ScanIndexForward", True))
        if start := p.get("ExclusiveStartKey"):
            keys = [table.key(item) for item in there]
            there = there[keys.index(table.key(start)) + 1 :] if table.key(start) in keys else []
        return self._paged(table, there, p)

    def Scan(self, p: Any) -> Any:
        table, segments = self._table(p), p.get("TotalSegments", 1)
        # Stable, so that a page begins where the last one ended, whatever was written in between.
        there = sorted((hash_of(key), key) for partition in table.items for key in self._keys(table, partition))
        there = [each for each in there if each[0] % segments == p.get("Segment", 0)]
        if start := p.get("ExclusiveStartKey"):
            key = table.key(start)
            there = [each for each in there if each > (hash_of(key), key)]
        return self._paged(table, [item for _, key in there if (item := table.get(key))], p)

    def _keys(self, table: Table, partition: Any) -> list[Key]:
        return [(partition, each) for each in table.items[partition]]

    def _paged(self, table: Table, there: list[Item], p: Any) -> Any:
        limit = p.get("Limit") or self.page or len(there)
        page: list[Item] = []
        size = 0
        for item in there[:limit]:
            if page and size > _PAGE_BYTES:
                break
            page.append(item)
            size += 0 if self.page else size_of(item)
        names, values = p.get("ExpressionAttributeNames", {}), p.get("ExpressionAttributeValues", {})
        kept = page
        if "FilterExpression" in p:
            test = expressions.condition(p["FilterExpression"]).run
            kept = [item for item in page if test(item, names, values)]
        answer: dict[str, Any] = {"Items": [_projected(item, p) for item in kept], "Count": len(kept)}
        if page and len(page) < len(there):
            attributes = {table.partition, table.sort, *table.indexes.get(p.get("IndexName", ""), ())} - {None}
            answer["LastEvaluatedKey"] = {name: page[-1][name] for name in attributes if name}
        return answer

    def _lag(self, request: Any) -> float:
        if self._chance is None or request.get("ConsistentRead") or self._chance.random() > _STALE:
            return 0.0
        return self._chance.uniform(0, LONGEST_LAG)

    def _read(self, table: Table, key: Key, lag: float) -> Item | None:
        if lag:
            then = self._clock() - lag
            for replaced, old in table.past.get(key, ()):
                if replaced > then:
                    return old
        return table.get(key)

    # --- writes

    def PutItem(self, p: Any) -> Any:
        return self._write("Put", p)

    def UpdateItem(self, p: Any) -> Any:
        return self._write("Update", p)

    def DeleteItem(self, p: Any) -> Any:
        return self._write("Delete", p)

    def BatchWriteItem(self, p: Any) -> Any:
        for name, requests in p["RequestItems"].items():
            table = self._named(name)
            for request in requests:
                [(kind, each)] = request.items()
                item = each.get("Item") if kind == "PutRequest" else None
                table.put(table.key(each.get("Key") or item), item, self._clock())
        return {"UnprocessedItems": {}}

    def TransactWriteItems(self, p: Any) -> Any:
        now, token = self._clock(), p.get("ClientRequestToken")
        if token and self._tokens.get(token, float("-inf")) > now - _TOKEN_LIVES:
            return {}
        steps = [next(iter(each.items())) for each in p["TransactItems"]]
        if not 0 < len(steps) <= 100:
            raise invalid("1 to 100 items are written at once")
        keys = [(each["TableName"], self._table(each).key(each.get("Key") or each["Item"])) for _, each in steps]
        if len(set(keys)) < len(keys):
            raise invalid("Transaction request cannot include multiple operations on one item")
        reasons = [self._reason(kind, each) for kind, each in steps]
        if any(reason["Code"] != "None" for reason in reasons):
            raise Refused("TransactionCanceledException", str(reasons), CancellationReasons=reasons)
        for kind, each in steps:
            if kind != "ConditionCheck":
                self._apply(kind, each)
        if token:
            self._tokens[token] = now
        return {}

    def _reason(self, kind: str, p: Any) -> dict[str, Any]:
        try:
            self._check(p, None if kind == "Put" else p["Key"])
        except Refused as refused:
            if refused.code != "ConditionalCheckFailedException":
                raise
            return {"Code": "ConditionalCheckFailed", "Message": refused.message, **refused.more}
        return {"Code": "None"}

    def _write(self, kind: str, p: Any) -> Any:
        self._check(p, p.get("Key"))
        old, new = self._apply(kind, p)
        match p.get("ReturnValues", "NONE"):
            case "ALL_OLD" if old:
                return {"Attributes": old}
            case "ALL_NEW":
                return {"Attributes": new}
            case "UPDATED_NEW":
                return {
                    "Attributes": {name: value for name, value in (new or {}).items() if value != (old or {}).get(name)}
                }
        return {}

    def _check(self, p: Any, key: Any) -> None:
        table = self._table(p)
        item = table.get(table.key(key or p["Item"]))
        if "ConditionExpression" not in p:
            _check_placeholders(p)
            return
        compiled = expressions.condition(p["ConditionExpression"])
        names, values = p.get("ExpressionAttributeNames", {}), p.get("ExpressionAttributeValues", {})
        _check_placeholders(p)
        if not compiled.run(item or {}, names, values):
            more = {"Item": item} if item and p.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else {}
            raise Refused("ConditionalCheckFailedException", "The conditional request failed", **more)

    def _apply(self, kind: str, p: Any) -> tuple[Item | None, Item | None]:
        table = self._table(p)
        key = table.key(p.get("Key") or p["Item"])
        old = table.get(key)
        new: Item | None = None
        if kind == "Put":
            new = p["Item"]
        elif kind == "Update":
            compiled = expressions.update(p["UpdateExpression"])
            names, values = p.get("ExpressionAttributeNames", {}), p.get("ExpressionAttributeValues", {})
            new = compiled.run(old or p["Key"], names, values)
        if new and size_of(new) > _MOST_BYTES:
            raise invalid("Item size has exceeded the maximum allowed size")
        table.put(key, new, self._clock())
        return old, new

    def _table(self, p: Any) -> Table:
        return self._named(p["TableName"])

    def _named(self, name: str) -> Table:
        if name not in self.tables:
            raise Refused("ResourceNotFoundException", f"no table {name}")
        return self.tables[name]


def _key_of(schema: list[dict[str, str]]) -> tuple[str, str]:
    names = {each["KeyType"]: each["AttributeName"] for each in schema}
    return names["HASH"], names.get("RANGE", "")


def _projected(item: Item, p: Any) -> Item:
    if "ProjectionExpression" not in p:
        return item
    return expressions.projection(p["ProjectionExpression"]).run(item, p.get("ExpressionAttributeNames", {}))


def _check_placeholders(p: Any) -> None:
    """Refuse a placeholder that is not used, or not given, as DynamoDB does."""
    used: set[str] = set()
    for name, compiled in (("ConditionExpression", expressions.condition), ("UpdateExpression", expressions.update)):
        if name in p:
            used |= compiled(p[name]).placeholders
    given = {*p.get("ExpressionAttributeNames", ()), *p.get("ExpressionAttributeValues", ())}
    if used != given:
        raise invalid(f"placeholders used and given differ: {', '.join(sorted(used ^ given))}")
