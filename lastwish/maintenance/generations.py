"""The life of a generation of the read model: announced, read, retired, dropped. Who builds one is the only caller."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import StoreUnavailable, TransientError
from infra.aws import error_code
from infra.read_model import POINTER, Generations

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class PointerMoved(TransientError):  # noqa: N818
    """Somebody else changed which generations there are."""


def announce(client: "DynamoDBClient", table: str, there: Generations) -> int:
    """Make a new generation live beside the one that is read, instead of all others; its number, never used before.

    ``there`` is what was read of the pointer. Raises PointerMoved, StoreUnavailable.
    """
    # What is left of a generation that was given up must not look like part of a new one.
    new = max({highest(client, table), there.current, *there.live}) + 1
    _move(client, table, there, Generations(there.current, frozenset({there.current, new})), last=new)
    return new


def highest(client: "DynamoDBClient", table: str) -> int:
    """The highest number that was ever announced, 1 at first. Raises StoreUnavailable."""
    try:
        pointer = client.get_item(TableName=table, Key=POINTER, ConsistentRead=True).get("Item", {})
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"read model: {error_code(error)}") from error
    return int(pointer.get("last", {}).get("N", "1"))


def flip(client: "DynamoDBClient", table: str, there: Generations, new: int) -> Generations:
    """Let readers see another live generation. Raises PointerMoved, StoreUnavailable."""
    return _move(client, table, there, Generations(new, there.live))


def retire(client: "DynamoDBClient", table: str, there: Generations, old: int) -> Generations:
    """Have a generation written no more, from the projector's next invocation on. Raises PointerMoved, …"""
    return _move(client, table, there, Generations(there.current, there.live - {old}))


def _move(client: "DynamoDBClient", table: str, before: Generations, after: Generations, **last: int) -> Generations:
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
    try:
        client.update_item(
            TableName=table,
            Key=POINTER,
            UpdateExpression="SET " + ", ".join(assignments),
            ConditionExpression=f"{first}(#current = :was AND live = :were)",
            ExpressionAttributeNames={"#current": "current", **{f"#{name}": name for name in last}},
            ExpressionAttributeValues=values,
        )
    except (BotoCoreError, ClientError) as error:
        code = error_code(error)
        if code == "ConditionalCheckFailedException":
            raise PointerMoved("another rebuild moved the pointer") from error
        raise StoreUnavailable(f"read model: {code}") from error
    return after


def _numbers(generations: Generations) -> Any:
    return {"NS": [str(number) for number in sorted(generations.live)]}
