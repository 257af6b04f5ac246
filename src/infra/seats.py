"""Who may give out which seat: a mark per destination in one item, moved by one conditional update per batch (hi/lo).

What is below a mark has been leased exactly once, so a seat can never be sold twice. A function that dies with leased
seats leaks them until ``lastwish reclaim`` puts them on the free list, which is looked at only when the mark has
reached the end.
"""

from collections.abc import Collection, Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import StoreUnavailable
from domain.events import Destination
from domain.seats import Seat
from infra.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Wanted = dict[Destination, int]
type Leased = dict[Destination, list[Seat]]

_TRIES = 8
_MOST_RETURNED = 1000
_MARKS: Any = {"id": {"S": "marks"}}


def free_list(destination: Destination) -> Any:
    """The key of the item that holds a destination's returned seats, as a number set ``seats``."""
    return {"id": {"S": f"free#{destination}"}}


class Seats:
    """The seats of all destinations. ``capacity`` is how many each has."""

    def __init__(self, client: "DynamoDBClient", table: str, capacity: Mapping[Destination, int]) -> None:
        self._client = client
        self._table = table
        self._capacity = capacity

    def lease(self, wanted: Wanted) -> Leased:
        """As many seats as are wanted, or as many as there are. Each is the caller's alone. Raises StoreUnavailable."""
        asked = {destination: count for destination, count in wanted.items() if count > 0}
        try:
            leased = self._below_the_marks(asked)
            return {
                each: leased[each] + self._returned(each, count - len(leased[each])) for each, count in asked.items()
            }
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"seats: {error_code(error)}") from error

    def _below_the_marks(self, asked: Wanted) -> Leased:
        asked = {each: min(count, self._capacity[each]) for each, count in asked.items()}
        for _ in range(_TRIES):
            if not any(asked.values()):
                break
            try:
                marks = self._advance(asked)
            except self._client.exceptions.ConditionalCheckFailedException as error:
                marks = _numbers(error.response.get("Item", {}))
                asked = {each: min(n, self._capacity[each] - marks.get(each, 0)) for each, n in asked.items()}
                continue
            return {
                each: [Seat(each, number) for number in range(marks[each] - count + 1, marks[each] + 1)]
                for each, count in asked.items()
            }
        return {each: [] for each in asked}

    def _advance(self, asked: Wanted) -> dict[str, int]:
        """Move the marks past the seats asked for, all or none; the marks afterwards."""
        answer = self._client.update_item(
            TableName=self._table,
            Key=_MARKS,
            UpdateExpression="ADD " + ", ".join(f"{each} :{each}" for each in asked),
            ConditionExpression=" AND ".join(
                f"(attribute_not_exists({each}) OR {each} <= :{each}_last)" for each in asked
            ),
            ExpressionAttributeValues={
                name: {"N": str(value)}
                for each, count in asked.items()
                for name, value in ((f":{each}", count), (f":{each}_last", self._capacity[each] - count))
            },
            ReturnValues="UPDATED_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return _numbers(answer["Attributes"])

    def _returned(self, destination: Destination, count: int) -> list[Seat]:
        """Up to ``count`` seats from the free list."""
        for _ in range(_TRIES if count else 0):
            free = self.free(destination)[:count]
            if not free:
                break
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=free_list(destination),
                    UpdateExpression="DELETE seats :taken",
                    ConditionExpression=" AND ".join(f"contains(seats, :s{n})" for n in range(len(free))),
                    ExpressionAttributeValues={
                        ":taken": {"NS": [str(number) for number in free]},
                        **{f":s{n}": {"N": str(number)} for n, number in enumerate(free)},
                    },
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                continue  # somebody else took one of them
            return [Seat(destination, number) for number in free]
        return []

    def give_back(self, destination: Destination, numbers: Collection[int], guard: Any = None) -> None:
        """Put seats on the free list: only what nobody holds and nobody can still be about to take.

        ``guard`` is a condition (one entry of TransactWriteItems) that must hold at the same moment. Raises
        StoreUnavailable, also where it does not hold.
        """
        for some in batched(sorted(numbers), _MOST_RETURNED, strict=False):
            update: Any = {
                "TableName": self._table,
                "Key": free_list(destination),
                "UpdateExpression": "ADD seats :returned",
                "ExpressionAttributeValues": {":returned": {"NS": [str(number) for number in some]}},
            }
            try:
                self._client.transact_write_items(TransactItems=[{"Update": update}, *([guard] if guard else [])])
            except (BotoCoreError, ClientError) as error:
                raise StoreUnavailable(f"seats: {error_code(error)}") from error

    def free(self, destination: Destination) -> list[int]:
        """The seats on the free list, lowest first."""
        item = self._get(free_list(destination))
        return sorted(int(number) for number in item.get("seats", {}).get("NS", []))

    def marks(self) -> dict[str, int]:
        """How many seats of each destination have been leased so far."""
        return _numbers(self._get(_MARKS))

    def _get(self, key: Any) -> Any:
        return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})


def _numbers(item: Any) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in item.items() if "N" in value}
