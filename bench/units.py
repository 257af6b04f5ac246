"""Count what a wish costs in DynamoDB: the capacity that the engine reports for each call of worker and projector.

Both handlers run here, on tables of their own that no deployed function uses, so that no call is missed.
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

from bench import BenchFailed
from bench.functions import variables
from domain.commit import stream_of
from domain.envelope import Envelope, write_story
from domain.events import WishAccepted, WishSubmitted
from lastwish.local import environment
from lastwish.local.state import ROOT, Home
from tests.support import template
from tests.support.laptop import Stack
from tests.support.samples import LambdaContext

SLICES = (1, 20, 90)
_TABLES = {"EventStore": "EVENT_STORE", "ReadModel": "READ_MODEL", "Seats": "SEATS"}


def measure(stack: Stack) -> list[dict[str, float]]:
    """Return one row per slice size: units of store, seats and projection, per wish. Raises BenchFailed.

    It is done in a process of its own: the handlers read their environment when they are imported.
    """
    with _tables(stack) as tables:
        env = (
            environment.clean(Home(stack.home), stack.key)
            | variables(stack, "worker")
            | variables(stack, "projector")
            | tables
        )
        env |= {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
        command = [sys.executable, "-m", "bench.units"]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"the capacity units were not counted: {done.stderr}")
    rows: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return rows


@contextmanager
def _tables(stack: Stack) -> Iterator[dict[str, str]]:
    """Create the template's tables a second time; gives the functions' variables that name them."""
    dynamodb = stack.aws("dynamodb")
    names = {variable: f"bench-{logical_id}" for logical_id, variable in _TABLES.items()}
    for logical_id, variable in _TABLES.items():
        dynamodb.create_table(TableName=names[variable], **template.table(logical_id))
    try:
        yield names
    finally:
        for name in names.values():
            dynamodb.delete_table(TableName=name)


class _Meter:
    """Add up what the calls of a client consume, writes and reads apart."""

    _READS = ("GetItem", "BatchGetItem", "Query")

    def __init__(self, client: Any) -> None:
        self.writes = self.reads = 0.0
        client.meta.events.register("provide-client-params.dynamodb", self._request_capacity)
        client.meta.events.register("after-call.dynamodb", self._add)

    def _request_capacity(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _add(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        units = sum(part["CapacityUnits"] for part in (consumed if isinstance(consumed, list) else [consumed]))
        if model.name in self._READS:
            self.reads += units
        else:
            self.writes += units

    def take(self) -> tuple[float, float]:
        """Return writes and reads since the last call."""
        taken = self.writes, self.reads
        self.writes = self.reads = 0.0
        return taken


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


def _count(size: int) -> dict[str, float]:
    """Store some wishes and project them in slices of this size; the row of the results."""
    from projector import handler as projector
    from worker import handler as worker

    wishes = max(size, 20)
    batch = 1 if size == 1 else 10
    meter = _Meter(worker.dynamodb)
    ids = [str(uuid4()) for _ in range(wishes)]
    for start in range(0, wishes, batch):
        records = [_record(number, ids[number]) for number in range(start, start + batch)]
        answer = worker.handler({"Records": records}, LambdaContext())
        if answer != {"batchItemFailures": []}:
            raise RuntimeError(f"the worker did not store every wish: {answer}")
    stored, looked_up = meter.take()
    streams = {stream_of(wish_id) for wish_id in ids}
    items = worker.dynamodb.scan(TableName=os.environ["EVENT_STORE"])["Items"]
    commits = [item for item in items if item["stream"]["S"] in streams]
    meter = _Meter(projector.dynamodb)
    for start in range(0, wishes, size):
        images = [{"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in commits[start : start + size]]
        projector.handler({"Records": images}, LambdaContext())
    projected, read = meter.take()
    per_wish = {
        "store_and_seat_writes": stored,
        "projection_writes": projected,
        "all_writes": stored + projected,
        "reads": looked_up + read,
    }
    return {"slice": size} | {name: round(units / wishes, 2) for name, units in per_wish.items()}


if __name__ == "__main__":
    print(json.dumps([_count(size) for size in SLICES]))
