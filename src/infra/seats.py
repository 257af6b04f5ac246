"""Lease seats: one item has a mark per destination, and one conditional update per batch moves it (hi/lo).

Each seat below a mark was leased exactly once, so a seat can never be sold twice. Leased seats that no wish took are on
the free list; those of a function that died leak until ``lastwish reclaim`` puts them there. Only a reclaim takes them
from there, for the wishes that wait the longest: a new wish never gets in front of them.
"""

from collections.abc import Collection, Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import StoreUnavailable
from domain.events import Destination
from domain.seats import Seat
from infra.aws import error_code
from infra.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Counts = dict[Destination, int]
type Leased = dict[Destination, list[Seat]]

_TRIES = 8
_MOST_RETURNED = 1000
_MARKS: Any = {"id": {"S": "marks"}}


def free_list(destination: Destination) -> Any:
    """Return the key of the item with a destination's free seats, a number set ``seats``."""
    return {"id": {"S": f"free#{destination}"}}


class Seats:
    """Seats of all destinations. ``capacity`` is how many each has."""

    def __init__(self, client: "DynamoDBClient", table: str, capacity: Mapping[Destination, int]) -> None:
        self._client, self._table, self.capacity = client, table, capacity

    def lease(self, counts: Counts) -> Leased:
        """Lease this many seats above the marks, or as many as there are. No other caller gets them.

        None where the capacity is below the mark now. Raises StoreUnavailable.
        """
        leased: Leased = {to: [] for to, count in counts.items() if count > 0}
        left = {to: min(counts[to], self.capacity[to]) for to in leased}
        for _ in range(_TRIES):
            # Never a negative count: it would move a mark down, and give seats a second time.
            if not (counts := {to: count for to, count in left.items() if count > 0}):
                break
            try:
                marks = self._advance(counts)
            except self._client.exceptions.ConditionalCheckFailedException as error:
                marks = _numbers(error.response.get("Item", {}))
                left = {to: min(count, self.capacity[to] - marks.get(to, 0)) for to, count in counts.items()}
                for to in (to for to, count in left.items() if count < 0):
                    extra = {"destination": to, "capacity": self.capacity[to], "leased": marks[to]}
                    logger.warning("capacity is below the seats that were leased", extra=extra)
                continue
            except (BotoCoreError, ClientError) as error:
                raise StoreUnavailable(f"seats: {error_code(error)}") from error
            return leased | {
                to: [Seat(to, number) for number in range(marks[to] - count + 1, marks[to] + 1)]
                for to, count in counts.items()
            }
        return leased

    def _advance(self, counts: Counts) -> dict[str, int]:
        """Move the marks past this many seats, all or none. Return the new marks."""
        response = self._client.update_item(
            TableName=self._table,
            Key=_MARKS,
            UpdateExpression="ADD " + ", ".join(f"{to} :{to}" for to in counts),
            ConditionExpression=" AND ".join(f"(attribute_not_exists({to}) OR {to} <= :{to}_last)" for to in counts),
            ExpressionAttributeValues={
                name: {"N": str(value)}
                for to, count in counts.items()
                for name, value in ((f":{to}", count), (f":{to}_last", self.capacity[to] - count))
            },
            ReturnValues="UPDATED_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return _numbers(response["Attributes"])

    def taking(self, seat: Seat) -> Any:
        """Return the write that takes a seat from the free list, if it is there (one entry of TransactWriteItems)."""
        number = str(seat.number)
        return {
            "Update": {
                "TableName": self._table,
                "Key": free_list(seat.destination),
                "UpdateExpression": "DELETE seats :taken",
                "ConditionExpression": "contains(seats, :number)",
                "ExpressionAttributeValues": {":taken": {"NS": [number]}, ":number": {"N": number}},
            }
        }

    def give_back(self, destination: Destination, numbers: Collection[int], guard: Any = None) -> None:
        """Put seats on the free list. No wish may have them, and no running worker may have leased them.

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
        """Return the seats on the free list, lowest first."""
        return sorted(map(int, self._get(free_list(destination)).get("seats", {}).get("NS", [])))

    def marks(self) -> dict[str, int]:
        """Return how many seats of each destination were ever leased."""
        return _numbers(self._get(_MARKS))

    def _get(self, key: Any) -> Any:
        return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})


def _numbers(item: Any) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in item.items() if "N" in value}
