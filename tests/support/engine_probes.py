"""Small questions to an engine of DynamoDB, each with a short answer: what docs/databases.md compares.

A probe gets an empty table like ReadModel, by name, and returns the words for the table: a refusal has AWS's code.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.support import template

KB = 1024
KEY = {"pk": {"S": "probe"}, "sk": {"S": "-"}}
PROBES: dict[str, "Probe"] = {}


@dataclass(frozen=True)
class Engine:
    """Clients of one engine. ``client`` gives one by the name of its service."""

    client: Callable[[str], Any]

    def answers(self, *names: str) -> Mapping[str, str]:
        """Return the answer to each probe, or to these, on tables of its own."""
        return {name: self._answer(PROBES[name]) for name in names or PROBES}

    def _answer(self, probe: "Probe") -> str:
        with self._table() as table:
            try:
                return probe(self, self.client("dynamodb"), table)
            except ClientError as error:
                return f"refused: {error.response['Error']['Code']}"

    @contextmanager
    def _table(self) -> Iterator[str]:
        dynamodb, name = self.client("dynamodb"), f"probe-{uuid.uuid4()}"
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        dynamodb.create_table(TableName=name, **template.table("ReadModel") | {"StreamSpecification": stream})
        try:
            yield name
        finally:
            dynamodb.delete_table(TableName=name)


type Probe = Callable[[Engine, Any, str], str]


def probe(question: str) -> Callable[[Probe], Probe]:
    """Register a probe by the first cell of its row."""

    def register(function: Probe) -> Probe:
        PROBES[question] = function
        return function

    return register


def item(size: int, sk: str = "-") -> dict[str, Any]:
    """Return an item of so many bytes: names and values count."""
    head = KEY | {"sk": {"S": sk}, "text": {"S": ""}}
    return head | {"text": {"S": "x" * (size - len("pkprobesktext") - len(sk))}}


def units(answer: Mapping[str, Any]) -> str:
    consumed = answer.get("ConsumedCapacity", [])
    every = consumed if isinstance(consumed, list) else [consumed]
    return f"{sum(each['CapacityUnits'] for each in every):g} units" if every else "no units"


@probe("PutItem of 1.5 KB")
def _put(_: Engine, dynamodb: Any, table: str) -> str:
    return units(dynamodb.put_item(TableName=table, Item=item(3 * KB // 2), ReturnConsumedCapacity="TOTAL"))


@probe("TransactWriteItems with a Put of 1.5 KB")
def _transactional_put(_: Engine, dynamodb: Any, table: str) -> str:
    put = {"Put": {"TableName": table, "Item": item(3 * KB // 2)}}
    return units(dynamodb.transact_write_items(TransactItems=[put], ReturnConsumedCapacity="TOTAL"))


@probe("GetItem of 5 KB, consistent")
def _get(_: Engine, dynamodb: Any, table: str) -> str:
    dynamodb.put_item(TableName=table, Item=item(5 * KB))
    return units(dynamodb.get_item(TableName=table, Key=KEY, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"))


@probe("GetItem of 5 KB, eventually consistent")
def _get_eventually(_: Engine, dynamodb: Any, table: str) -> str:
    dynamodb.put_item(TableName=table, Item=item(5 * KB))
    return units(dynamodb.get_item(TableName=table, Key=KEY, ReturnConsumedCapacity="TOTAL"))


@probe("BatchGetItem of 1.5 and 6.5 KB, consistent")
def _batch_get(_: Engine, dynamodb: Any, table: str) -> str:
    keys = []
    for sk, size in (("a", 3 * KB // 2), ("b", 13 * KB // 2)):
        dynamodb.put_item(TableName=table, Item=item(size, sk))
        keys.append(KEY | {"sk": {"S": sk}})
    request = {table: {"Keys": keys, "ConsistentRead": True}}
    return units(dynamodb.batch_get_item(RequestItems=request, ReturnConsumedCapacity="TOTAL"))


@probe("GetItem of nothing, consistent")
def _get_nothing(_: Engine, dynamodb: Any, table: str) -> str:
    return units(dynamodb.get_item(TableName=table, Key=KEY, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"))


@probe("BatchGetItem of nothing, consistent")
def _batch_get_nothing(_: Engine, dynamodb: Any, table: str) -> str:
    request = {table: {"Keys": [KEY], "ConsistentRead": True}}
    return units(dynamodb.batch_get_item(RequestItems=request, ReturnConsumedCapacity="TOTAL"))


@probe("Query of three items of 3 KB, consistent")
def _query(_: Engine, dynamodb: Any, table: str) -> str:
    for sk in "abc":
        dynamodb.put_item(TableName=table, Item=item(3 * KB, sk))
    query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": KEY["pk"]}}
    return units(dynamodb.query(TableName=table, **query, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"))


@probe("two paths of an update overlap")
def _overlap(_: Engine, dynamodb: Any, table: str) -> str:
    values = {":map": {"M": {}}, ":name": {"S": "Ana"}}
    dynamodb.put_item(TableName=table, Item=KEY | {"wish": {"M": {}}})
    return _updated(dynamodb, table, "SET wish = :map, wish.title = :name", values)


def _updated(dynamodb: Any, table: str, expression: str, values: dict[str, Any]) -> str:
    arguments = {"UpdateExpression": expression, "ExpressionAttributeValues": values}
    dynamodb.update_item(TableName=table, Key=KEY, **arguments)
    return "accepted"


@probe("a transaction is sent twice with one ClientRequestToken")
def _token(_: Engine, dynamodb: Any, table: str) -> str:
    for _attempt in range(2):
        _counting(dynamodb, table, "1")
    return f"carried out {_count(dynamodb, table)}×"


@probe("a ClientRequestToken comes again with another transaction")
def _token_of_another(_: Engine, dynamodb: Any, table: str) -> str:
    for amount in ("1", "2"):
        _counting(dynamodb, table, amount)
    return "accepted"


def _counting(dynamodb: Any, table: str, amount: str) -> None:
    add = {"UpdateExpression": "ADD seen :n", "ExpressionAttributeValues": {":n": {"N": amount}}}
    update = {"Update": {"TableName": table, "Key": KEY, **add}}
    dynamodb.transact_write_items(TransactItems=[update], ClientRequestToken=table[-36:])


def _count(dynamodb: Any, table: str) -> str:
    count: str = dynamodb.get_item(TableName=table, Key=KEY, ConsistentRead=True)["Item"]["seen"]["N"]
    return count


@probe("a transaction of more than 4 MB")
def _large_transaction(_: Engine, dynamodb: Any, table: str) -> str:
    puts = [{"Put": {"TableName": table, "Item": item(390 * KB, f"{n}")}} for n in range(11)]
    dynamodb.transact_write_items(TransactItems=puts)
    return "accepted"


@probe("a set names a member twice")
def _set(_: Engine, dynamodb: Any, table: str) -> str:
    dynamodb.put_item(TableName=table, Item=KEY | {"seats": {"NS": ["1", "1"]}})
    return "accepted"


@probe("a number of 39 digits")
def _digits(_: Engine, dynamodb: Any, table: str) -> str:
    dynamodb.put_item(TableName=table, Item=KEY | {"number": {"N": "1" * 39}})
    return "accepted"


@probe("a query does not use one of its values")
def _unused(_: Engine, dynamodb: Any, table: str) -> str:
    values = {":pk": KEY["pk"], ":unused": {"S": "-"}}
    dynamodb.query(TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values)
    return "accepted"


@probe("an index's key has another type")
def _index_type(_: Engine, dynamodb: Any, table: str) -> str:
    dynamodb.put_item(TableName=table, Item=KEY | {"visibility": {"S": "held"}, "held_at": {"N": "1"}})
    return "accepted"


@probe("a set lets its item grow past 400 KB")
def _growth(_: Engine, dynamodb: Any, table: str) -> str:
    dynamodb.put_item(TableName=table, Item=item(390 * KB))
    return _updated(dynamodb, table, "ADD more :more", {":more": {"SS": ["x" * 20 * KB]}})


@probe("the same item is put twice: records in the stream")
def _no_change(engine: Engine, dynamodb: Any, table: str) -> str:
    for _attempt in range(2):
        dynamodb.put_item(TableName=table, Item=KEY)
    streams = engine.client("dynamodbstreams")
    arn = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    records = streams.get_records(ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"])["Records"]
    return ", ".join(record["eventName"] for record in records)
