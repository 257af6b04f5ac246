"""Count what a wish costs in DynamoDB: the capacity that is reported for each call of worker and projector.

Both handlers run here, on tables of their own that no deployed function uses, so that no call is missed. The local
engine counts writes as AWS does, DynamoDB Local reads (docs/databases.md).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bench import BenchFailed, NotMeasured
from bench.functions import variables
from domain.commit import stream_of
from domain.envelope import Envelope, write_story
from domain.events import WishAccepted, WishSubmitted
from lastwish.aws.clients import Endpoint, engine_client
from lastwish.local import environment
from lastwish.local.state import ROOT, Home
from tests.support import template
from tests.support.dynamodb_local import ENDPOINT, dynamodb_local
from tests.support.laptop import Stack
from tests.support.npm import Unavailable
from tests.support.samples import LambdaContext

SLICES = (1, 20, 90)
_TABLES = {"EventStore": "EVENT_STORE", "ReadModel": "READ_MODEL", "Seats": "SEATS"}


def measure_writes(stack: Stack) -> list[dict[str, float]]:
    """Return one row per slice size: write units per wish of store and seats, and of projection. Raises BenchFailed."""
    return _measured(stack, stack.engine, "writes")


def measure_reads(stack: Stack) -> list[dict[str, float]]:
    """Return the same for read units. Raises BenchFailed, and NotMeasured without DynamoDB Local."""
    try:
        with dynamodb_local() as url:
            return _measured(stack, url, "reads")
    except Unavailable as reason:
        raise NotMeasured(f"DynamoDB Local does not run here: {reason}") from reason


def _measured(stack: Stack, url: str, kind: str) -> list[dict[str, float]]:
    """Count in a process of its own: the handlers read their environment when they are imported."""
    with _tables(engine_client("dynamodb", Endpoint(url, stack.key))) as tables:
        env = (
            environment.clean(Home(stack.home), stack.key)
            | variables(stack, "worker")
            | variables(stack, "projector")
            | tables
            | {ENDPOINT: url, "AWS_ACCESS_KEY_ID": stack.key}  # DynamoDB Local has a database for each key
        )
        env |= {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
        command = [sys.executable, "-m", "bench.units", kind]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"the capacity units were not counted: {done.stderr}")
    rows: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return rows


@contextmanager
def _tables(dynamodb: Any) -> Iterator[dict[str, str]]:
    """Create the template's tables a second time; gives the functions' variables that name them."""
    names = {variable: f"bench-{logical_id}" for logical_id, variable in _TABLES.items()}
    for logical_id, variable in _TABLES.items():
        dynamodb.create_table(TableName=names[variable], **template.table(logical_id))
    try:
        yield names
    finally:
        for name in names.values():
            dynamodb.delete_table(TableName=name)


class Meter:
    """Add up what the calls of a client consume: its writes, or its reads."""

    _READS = ("GetItem", "BatchGetItem", "Query")

    def __init__(self, client: Any, kind: str) -> None:
        self._kind = kind
        self.units = 0.0
        self._asked: dict[str, Any] = {}
        client.meta.events.register("provide-client-params.dynamodb", self._request_capacity)
        client.meta.events.register("after-call.dynamodb", self._add)

    def _request_capacity(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        self._asked = params.get("RequestItems", {})
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _add(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        units = sum(part["CapacityUnits"] for part in (consumed if isinstance(consumed, list) else [consumed]))
        if model.name == "BatchGetItem":
            units += self._not_there(parsed["Responses"])
        if (model.name in self._READS) == (self._kind == "reads"):
            self.units += units

    def _not_there(self, found: dict[str, list[Any]]) -> float:
        """Return the units of keys that have no item. AWS counts them, DynamoDB Local does not (docs/databases.md)."""
        return sum(
            (len(of["Keys"]) - len(found.get(table, []))) * (1 if of.get("ConsistentRead") else 0.5)
            for table, of in self._asked.items()
        )


def _record(number: int, wish_id: str) -> dict[str, Any]:
    """Return a Pods record of an ordinary wish: every other one to Jupiter, a hundred letters of text."""
    text = "Tell the whales that we are sorry, and water the olive tree behind the house when summer comes. Ana."
    wish = WishSubmitted(destination="jupiter" if number % 2 else "mars", name="Ana", message=text, digest="0" * 64)
    now = datetime.now(UTC)
    story = [
        Envelope.of(event, source="bench", wish_id=wish_id, time=now, correlation_id=wish_id)
        for event in (wish, WishAccepted())
    ]
    return {
        "messageId": wish_id,
        "receiptHandle": "",
        "body": write_story(story),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
    }


def _count(size: int, kind: str) -> dict[str, float]:
    """Store some wishes and project them in slices of this size; the row of the results."""
    from projector import handler as projector
    from worker import handler as worker

    wishes = max(size, 20)
    batch = 1 if size == 1 else 10
    storing = Meter(worker.dynamodb, kind)
    ids = [str(uuid4()) for _ in range(wishes)]
    for start in range(0, wishes, batch):
        records = [_record(number, ids[number]) for number in range(start, start + batch)]
        answer = worker.handler({"Records": records}, LambdaContext())
        if answer != {"batchItemFailures": []}:
            raise RuntimeError(f"the worker did not store every wish: {answer}")
    stored = storing.units
    streams = {stream_of(wish_id) for wish_id in ids}
    items = worker.dynamodb.scan(TableName=os.environ["EVENT_STORE"])["Items"]
    commits = [item for item in items if item["stream"]["S"] in streams]
    projecting = Meter(projector.dynamodb, kind)
    for start in range(0, wishes, size):
        images = [{"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in commits[start : start + size]]
        projector.handler({"Records": images}, LambdaContext())
    per_wish = {
        f"store_and_seat_{kind}": stored,
        f"projection_{kind}": projecting.units,
        f"all_{kind}": stored + projecting.units,
    }
    return {"slice": size} | {name: round(units / wishes, 2) for name, units in per_wish.items()}


if __name__ == "__main__":
    print(json.dumps([_count(size, sys.argv[1]) for size in SLICES]))
