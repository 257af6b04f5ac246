"""What a wish costs in DynamoDB: the capacity that the engine says each real call of worker and projector consumed.

Both handlers run here, in this process, against the engine's tables; nothing else does, so that no call is missed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lastwish.aws.clients import engine_client
from lastwish.local import environment
from lastwish.local.engine import process as engine
from lastwish.local.processes import ProcessId, stop
from lastwish.local.state import ROOT, Home
from tests.support import template
from tests.support.samples import LambdaContext

SLICES = (1, 20, 90)
WISHES = 180
_TABLES = ("EventStore", "ReadModel", "Seats")


def measure() -> list[dict[str, float]]:
    """One row per slice size: units of store, seats and projection, per wish."""
    with TemporaryDirectory(prefix="lastwish-units-") as directory:
        home = Home(Path(directory))
        home.create()
        process, endpoint = engine.start(home)
        try:
            engine.wait_until_ready(process, endpoint, home)
            return [_measured_apart(endpoint, home, size) for size in SLICES]
        finally:
            stop(ProcessId.of(process.pid))
            process.wait()


def _measured_apart(endpoint: str, home: Home, size: int) -> dict[str, float]:
    """In a process of its own: the handlers read their environment when they are imported."""
    tables = {name: f"{name}-{size}" for name in _TABLES}
    _create(engine_client("dynamodb", endpoint), tables)
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "EVENT_STORE": tables["EventStore"],
        "READ_MODEL": tables["ReadModel"],
        "WALL_DELAY": "5",
        "SEATS": tables["Seats"],
        "MARS_SEATS": "40000",
        "JUPITER_SEATS": "25000",
        "PODS_URL": "http://127.0.0.1/pods",
        "PODS_DLQ_URL": "http://127.0.0.1/pods-dlq",
        "POWERTOOLS_METRICS_NAMESPACE": "LastWish",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
    }
    command = [sys.executable, "-m", "bench.units", str(size)]
    done = subprocess.run(
        command, env=environment.clean(home) | variables, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def _create(client: Any, tables: dict[str, str]) -> None:
    for name, table in tables.items():
        client.create_table(TableName=table, **template.table(name))


class _Meter:
    """Adds up what the calls of a client consumed, writes and reads apart."""

    _READS = ("GetItem", "BatchGetItem", "Query")

    def __init__(self, client: Any) -> None:
        self.writes = self.reads = 0.0
        client.meta.events.register("provide-client-params.dynamodb", self._ask)
        client.meta.events.register("after-call.dynamodb", self._add)

    def _ask(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _add(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        found = parsed.get("ConsumedCapacity", [])
        units = sum(each["CapacityUnits"] for each in (found if isinstance(found, list) else [found]))
        if model.name in self._READS:
            self.reads += units
        else:
            self.writes += units

    def take(self) -> tuple[float, float]:
        """Writes and reads since the last time."""
        taken = self.writes, self.reads
        self.writes = self.reads = 0.0
        return taken


def _record(number: int) -> dict[str, Any]:
    """A Pods record of an ordinary wish: every other one to Jupiter, a hundred letters of text."""
    from datetime import UTC, datetime
    from uuid import UUID, uuid5

    from domain.envelope import Envelope, write_story
    from domain.events import WishAccepted, WishSubmitted

    wish_id = str(uuid5(UUID(int=0), str(number)))
    text = "Tell the whales that we are sorry, and water the olive tree behind the house when summer comes. Ana."
    wish = WishSubmitted(destination="jupiter" if number % 2 else "mars", name="Ana", message=text, digest="0" * 64)
    about = {"wish_id": wish_id, "time": datetime.now(UTC), "correlation_id": wish_id}
    story = [Envelope.of(event, source="bench", **about) for event in (wish, WishAccepted())]
    return {
        "messageId": str(number),
        "receiptHandle": "",
        "body": write_story(story),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
    }


def _run(size: int) -> dict[str, float]:
    from projector import handler as projector
    from worker import handler as worker

    batches = 1 if size == 1 else 10
    stored = _Meter(worker.dynamodb)
    for start in range(0, WISHES, batches):
        records = [_record(number) for number in range(start, start + batches)]
        answer = worker.handler({"Records": records}, LambdaContext())
        assert answer == {"batchItemFailures": []}, answer
    recorded, looked_up = stored.take()
    items = worker.dynamodb.scan(TableName=worker.settings.event_store)["Items"]
    projected = _Meter(projector.dynamodb)
    for start in range(0, len(items), size):
        cut = [{"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in items[start : start + size]]
        projector.handler({"Records": cut}, LambdaContext())
    written, read = projected.take()
    per_wish = {
        "slice": size,
        "store_and_seat_writes": recorded / WISHES,
        "projection_writes": written / WISHES,
        "all_writes": (recorded + written) / WISHES,
        "reads": (looked_up + read) / WISHES,
    }
    return {name: round(value, 2) for name, value in per_wish.items()}


if __name__ == "__main__":
    print(json.dumps(_run(int(sys.argv[1]))))
