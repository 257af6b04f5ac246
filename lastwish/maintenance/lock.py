"""Let one command of a kind run at a time: a lease in DynamoDB with an owner and an expiry.

A heartbeat renews the lease while its holder lives, so a killed holder blocks others for LEASE seconds at most. A write
that two holders must not both do carries `Lock.guard`, which DynamoDB checks at the moment of the write.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import error_code
from lastwish.errors import Busy

LEASE = 20.0
_NAMES = {"#owner": "owner", "#until": "until"}
_REFUSED = "ConditionalCheckFailedException"


class Lock:
    """A lease. Times are seconds since 1970, by this computer's clock."""

    def __init__(self, dynamodb: Any, table: str, key: dict[str, Any], what: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._key = key
        self._what = what
        self._owner = str(uuid.uuid4())

    def guard(self) -> dict[str, Any]:
        """Return the condition that the lease is still ours, as an entry of TransactWriteItems."""
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": self._key,
                "ConditionExpression": "#owner = :owner",
                "ExpressionAttributeNames": {"#owner": "owner"},
                "ExpressionAttributeValues": {":owner": {"S": self._owner}},
            }
        }

    def renew(self) -> None:
        """Keep it for another LEASE seconds. Raises Busy when another holder has it now."""
        try:
            self._write("#owner = :owner", {})
        except ClientError as error:
            if error_code(error) == _REFUSED:
                raise Busy(f"another {self._what} took over while this one slept: run it again") from None
            raise

    def acquire(self) -> None:
        """Take it, after LEASE seconds from a holder that was killed. Raises Busy when its holder lives."""
        seen: str | None = None
        give_up = time.monotonic() + LEASE + 2
        while True:
            try:
                self._write("attribute_not_exists(#until) OR #until < :now", {":now": {"N": str(time.time())}})
            except ClientError as error:
                if error_code(error) != _REFUSED:
                    raise
            else:
                return
            there = self._dynamodb.get_item(TableName=self._table, Key=self._key, ConsistentRead=True).get("Item", {})
            until = there.get("until", {}).get("N", "0")
            if (seen and until != seen) or time.monotonic() > give_up:
                raise Busy(f"another {self._what} is running: there can be only one at a time")
            seen = until
            time.sleep(1)

    def release(self) -> None:
        """Give it up, if it is still ours."""
        condition = self.guard()["ConditionCheck"]
        try:
            self._dynamodb.delete_item(**condition)
        except ClientError as error:
            if error_code(error) != _REFUSED:
                raise

    def _write(self, condition: str, values: dict[str, Any]) -> None:
        until = {":owner": {"S": self._owner}, ":until": {"N": str(time.time() + LEASE)}}
        self._dynamodb.update_item(
            TableName=self._table,
            Key=self._key,
            UpdateExpression="SET #owner = :owner, #until = :until",
            ConditionExpression=condition,
            ExpressionAttributeNames=_NAMES,
            ExpressionAttributeValues={**until, **values},
        )


@contextmanager
def only_one(dynamodb: Any, table: str, key: dict[str, Any], what: str) -> Iterator[Lock]:
    """Hold the lock and keep it alive. Raises Busy."""
    lock = Lock(dynamodb, table, key, what)
    lock.acquire()
    done = threading.Event()

    def beat() -> None:
        while not done.wait(LEASE / 8):
            try:
                lock.renew()
            except (Busy, BotoCoreError, ClientError):
                continue  # the next guarded write will say so

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield lock
    finally:
        done.set()
        heart.join()
        lock.release()
