"""Measure what the door, the interceptors and the journal add to calls of the local engine, in the engine's process.

`python -m bench.door 30` prints microseconds of CPU per call with and without the layers, and what journaling adds for
a wish, as JSON: medians of 30 rounds of calls, in turn. No HTTP is in it, so that nothing hides the difference.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from starlette.types import ASGIApp

from bench import BenchFailed
from lastwish.local.door import named

CALLS = 100  # in a round
PER_WISH = 12  # calls that one wish makes, as the engine's record counts them, and its own POST
KEY = "LWBENCH"
_TABLE = {
    "TableName": "Store",
    "AttributeDefinitions": [{"AttributeName": "stream", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "stream", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
_KEY: dict[str, Any] = {"stream": {"S": "wish#1"}}
_DATA = {"destination": {"S": "mars"}, "message": {"S": "x" * 400}, "digest": {"S": "0" * 64}}
_EVENTS = [
    {"M": {"type": {"S": name}, "time": {"S": "2045-01-01T00:00:00.000Z"}, "data": {"M": data}}}
    for name, data in (("lastwish.wish.submitted.v1", _DATA), ("lastwish.wish.boarded.v2", {"seat": {"N": "1"}}))
]
_ITEM = _KEY | {"version": {"N": "1"}, "commit_id": {"S": "1"}, "events": {"L": _EVENTS}}
_BODY = json.dumps({"subject": "1", "type": "lastwish.wish.submitted.v1", "data": {"message": "x" * 400}})
_QUEUE = "http://127.0.0.1:4566/000000000000/Inbox"

type _Pattern = list[tuple[str, dict[str, Any]]]
# The mix of one wish: writes, reads, a transaction.
_MIX: _Pattern = [
    ("PutItem", {"TableName": "Store", "Item": _ITEM}),
    ("GetItem", {"TableName": "Store", "Key": _KEY}),
    ("BatchGetItem", {"RequestItems": {"Store": {"Keys": [_KEY]}}}),
    ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "Store", "Item": _ITEM}}]}),
]
# What the journal has of one wish.
_JOURNALED: _Pattern = [
    ("PutItem", {"TableName": "Store", "Item": _ITEM}),
    ("SendMessage", {"QueueUrl": _QUEUE, "MessageBody": _BODY}),
]


def measure(rounds: int) -> dict[str, float]:
    """Return microseconds per call with and without, and the difference for a wish. Raises BenchFailed.

    It is done in a process of its own: MiniStack reads its environment when it is imported.
    """
    with TemporaryDirectory() as folder:
        env = os.environ | {"STATE_DIR": folder, "S3_DATA_DIR": folder, "AWS_ACCESS_KEY_ID": KEY, "LOG_LEVEL": "ERROR"}
        command = [sys.executable, "-m", "bench.door", str(rounds)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"the door was not measured: {done.stderr}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


async def _measure(rounds: int) -> dict[str, float]:
    from lastwish.local.engine import server, tracing  # MiniStack reads its environment when it is imported
    from lastwish.local.engine.faults import Faults
    from lastwish.local.engine.faults_marks import Marks
    from lastwish.local.engine.patch import ministack_module

    engine = ministack_module("app").app
    folder = Path(os.environ["STATE_DIR"])
    behind, journaled = (
        _behind(engine, server.layers(KEY, folder / name, Faults(Marks()))) for name in ("empty", "journal")
    )
    await _call(behind, "CreateTable", _TABLE)
    await _call(behind, "CreateQueue", {"QueueName": "Inbox"})
    names = {"inbox": "Inbox", "event_store": "Store", "read_model": "ReadModel"}
    await _request(journaled, "PUT", "/_lastwish/journal", "", names)
    without, with_ = await _compare(tracing.layer(engine), behind, _MIX, rounds)
    silent, noted = await _compare(behind, journaled, _JOURNALED, rounds)
    return {
        "without_us": round(without * 1e6, 1),
        "with_us": round(with_ * 1e6, 1),
        "per_wish_us": round((with_ - without) * PER_WISH * 1e6),
        "journal_per_wish_us": round((noted - silent) * len(_JOURNALED) * 1e6),
    }


def _behind(app: ASGIApp, layers: list[Callable[[ASGIApp], ASGIApp]]) -> ASGIApp:
    for layer in reversed(layers):
        app = layer(app)
    return app


async def _compare(one: ASGIApp, other: ASGIApp, pattern: _Pattern, rounds: int) -> tuple[float, float]:
    """Return the seconds of CPU that a call of this pattern takes through each: others may keep the machine busy."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for app, seconds in zip((one, other), taken, strict=True):
            began = time.process_time()
            for _ in range(CALLS // len(pattern)):
                for operation, parameters in pattern:
                    await _call(app, operation, parameters)
            seconds.append((time.process_time() - began) / CALLS)
    return median(taken[0]), median(taken[1])


async def _call(app: ASGIApp, operation: str, parameters: dict[str, Any]) -> None:
    service = "AmazonSQS" if "Queue" in "".join(parameters) else "DynamoDB_20120810"
    await _request(app, "POST", "/", f"{service}.{operation}", parameters)


async def _request(app: ASGIApp, method: str, path: str, target: str, parameters: dict[str, Any]) -> None:
    service = "sqs" if target.startswith("AmazonSQS") else "dynamodb"
    credential = f"{named(KEY, 'worker')}/20451127/us-east-1/{service}/aws4_request"
    headers = {
        "host": "127.0.0.1:4566",
        "x-amz-target": target,
        "content-type": "application/x-amz-json-1.0",
        "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
        "user-agent": "Boto3/1.43 md/Botocore",
        "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
        "amz-sdk-invocation-id": "x",
    }
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "scheme": "http", "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": json.dumps(parameters).encode(), "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    if statuses != [200]:
        raise BenchFailed(f"{target} was answered {statuses}")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(int(sys.argv[1])))))
