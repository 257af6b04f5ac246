"""Event store: one DynamoDB item is one commit, keyed by stream and version.

An append is a conditional put at the version after the one on which the decision was based, so two writers can never
both succeed. If the condition fails, DynamoDB returns the existing item: with the same commit id it is our own earlier
try, which is success; with another it is a conflict, and the caller decides again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.commit import Commit, Recorded
from domain.envelope import timestamp
from domain.errors import MalformedMessage, StoreUnavailable, UnreadableCommit, UnstorableCommit, VersionConflict
from domain.events import WishSubmitted, read_stored
from infra.aws import THROTTLED, error_code
from infra.items import serialise, values_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_STREAM = {"#stream": "stream"}  # a reserved word of DynamoDB
_TRACE = ("trace_id", "trace_header")  # optional in a commit
_ONLY_STREAM = {"ProjectionExpression": "#stream", "ExpressionAttributeNames": _STREAM}


class EventStore:
    """Streams of commits in one table (key: ``stream`` S, ``version`` N)."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def append(self, commit: Commit, also: Sequence[Any] = ()) -> bool:
        """Append a commit at its version. Return False where this commit was stored already.

        ``also`` are entries of TransactWriteItems that must succeed with it. Raises VersionConflict, StoreUnavailable
        (also where one of them does not succeed), UnstorableCommit.
        """
        put: Any = {
            "TableName": self._table,
            "Item": _to_item(commit),
            "ConditionExpression": "attribute_not_exists(#stream)",
            "ExpressionAttributeNames": _STREAM,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            if also:
                self._client.transact_write_items(TransactItems=[{"Put": put}, *also])
            else:
                self._client.put_item(**put)
        except (BotoCoreError, ClientError) as error:
            existing = _existing(error)
            if existing is None:
                raise _domain_error(error) from error
            if existing.get("commit_id") != {"S": commit.commit_id}:
                raise VersionConflict(commit.stream, commit.version - 1, commit.version) from None
            return False
        return True

    def scrub(self, commit: Commit) -> None:
        """Remove name and message from a stored commit: the only change that a stored commit allows.

        Idempotent. Raises StoreUnavailable. Append ``WishErased`` to the stream first.
        """
        personal = [n for n, done in enumerate(commit.events) if isinstance(done.event, WishSubmitted)]
        if not personal:
            return
        paths = [f"events[{n}].#data.{field}" for n in personal for field in ("#name", "#message")]
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"stream": {"S": commit.stream}, "version": {"N": str(commit.version)}},
                UpdateExpression="SET " + ", ".join(f"{path} = :nothing" for path in paths),
                ConditionExpression="commit_id = :id",
                ExpressionAttributeNames={"#data": "data", "#name": "name", "#message": "message"},
                ExpressionAttributeValues={":nothing": {"NULL": True}, ":id": {"S": commit.commit_id}},
            )
        except (BotoCoreError, ClientError) as error:
            raise _domain_error(error) from error

    def stored(self, streams: Collection[str]) -> set[str]:
        """Return those of these streams (at most 100) that exist, by a consistent read. Raises StoreUnavailable."""
        keys: Any = [{"stream": {"S": stream}, "version": {"N": "1"}} for stream in streams]
        request: Any = {"Keys": keys, "ConsistentRead": True, **_ONLY_STREAM}
        try:
            response = self._client.batch_get_item(RequestItems={self._table: request})
        except (BotoCoreError, ClientError) as error:
            raise _domain_error(error) from error
        if response.get("UnprocessedKeys"):
            raise StoreUnavailable("some keys were not read", THROTTLED)
        return {item["stream"]["S"] for item in response["Responses"][self._table]}

    def read(self, stream: str) -> list[Commit]:
        """Return every commit of a stream, oldest first, by a consistent read.

        Raises StoreUnavailable, UnreadableCommit.
        """
        return list(map(commit_of, self.items(stream)))

    def items(self, stream: str) -> list[dict[str, Any]]:
        """Return the same commits as ``commit_of`` takes them, also those that it cannot read."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#stream = :stream",
            ExpressionAttributeNames=_STREAM,
            ExpressionAttributeValues={":stream": {"S": stream}},
            ConsistentRead=True,
        )
        try:
            return [item for page in pages for item in page["Items"]]
        except (BotoCoreError, ClientError) as error:
            raise _domain_error(error) from error


def _existing(error: Exception) -> dict[str, Any] | None:
    """Return the item that stands at the version of a refused commit; None where it was refused for another reason."""
    response: Any = getattr(error, "response", None) or {}
    [refused, *_] = response.get("CancellationReasons") or [{**response, "Code": error_code(error)}]
    is_there = refused.get("Code", "").startswith("ConditionalCheckFailed")
    return refused.get("Item", {}) if is_there else None


def _domain_error(error: Exception) -> StoreUnavailable | UnstorableCommit:
    code = error_code(error)
    return UnstorableCommit(code) if code == "ValidationException" else StoreUnavailable(code)


def _to_item(commit: Commit) -> dict[str, Any]:
    item = {
        "stream": commit.stream,
        "version": commit.version,
        "commit_id": commit.commit_id,
        "time": timestamp(commit.time),
        "correlation_id": commit.correlation_id,
        "events": [
            {
                "type": done.event.type,
                "time": timestamp(done.time),
                "data": done.event.model_dump(mode="json", exclude_defaults=True),
            }
            for done in commit.events
        ],
    }
    item |= {name: value for name in _TRACE if (value := getattr(commit, name))}
    return {name: serialise(value) for name, value in item.items()}


def commit_of(item: dict[str, Any]) -> Commit:
    """Return the commit in an item, or in an image of it from the table's stream. Raises UnreadableCommit."""
    try:
        return _commit_of(values_of(item))
    except (MalformedMessage, LookupError, TypeError, ValueError, AttributeError) as error:
        # An error that is not one of ours may quote what was typed.
        reason = str(error) if isinstance(error, MalformedMessage) else type(error).__name__
        raise UnreadableCommit(item["stream"]["S"], int(item["version"]["N"]), reason) from None


def _commit_of(values: dict[str, Any]) -> Commit:
    return Commit(
        stream=values["stream"],
        version=int(values["version"]),
        commit_id=values["commit_id"],
        time=datetime.fromisoformat(values["time"]),
        correlation_id=values["correlation_id"],
        trace_id=values.get("trace_id"),
        trace_header=values.get("trace_header"),
        events=tuple(
            Recorded(read_stored(done["type"], done["data"]), datetime.fromisoformat(done["time"]))
            for done in values["events"]
        ),
    )
