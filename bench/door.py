"""Measure what the door and the interceptors before the local engine add to an AWS call, in the engine's own process.

`python -m bench.door 30` prints microseconds per call with and without them, as JSON: the median of 30 rounds of
DynamoDB calls, in turn. No HTTP is in it, so that nothing hides the difference.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
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
_ITEM = _KEY | {"events": {"S": "x" * 1500}}
# The mix of one wish: writes, reads, a transaction.
_PATTERN: list[tuple[str, dict[str, Any]]] = [
    ("PutItem", {"TableName": "Store", "Item": _ITEM}),
    ("GetItem", {"TableName": "Store", "Key": _KEY}),
    ("BatchGetItem", {"RequestItems": {"Store": {"Keys": [_KEY]}}}),
    ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "Store", "Item": _ITEM}}]}),
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


async def _compare(rounds: int) -> dict[str, float]:
    from lastwish.local.engine import server, tracing  # MiniStack reads its environment when it is imported
    from lastwish.local.engine.patch import ministack_module

    bare: ASGIApp = tracing.layer(ministack_module("app").app)
    behind: ASGIApp = ministack_module("app").app
    for layer in reversed(server.layers(KEY)):
        behind = layer(behind)
    await _call(behind, "CreateTable", _TABLE)
    taken: dict[str, list[float]] = {"bare": [], "behind": []}
    for _ in range(rounds):
        for name, app in (("bare", bare), ("behind", behind)):
            began = time.perf_counter()
            for _ in range(CALLS // len(_PATTERN)):
                for operation, parameters in _PATTERN:
                    await _call(app, operation, parameters)
            taken[name].append((time.perf_counter() - began) / CALLS)
    without, with_ = median(taken["bare"]), median(taken["behind"])
    return {
        "without_us": round(without * 1e6, 1),
        "with_us": round(with_ * 1e6, 1),
        "per_wish_us": round((with_ - without) * PER_WISH * 1e6),
    }


async def _call(app: ASGIApp, operation: str, parameters: dict[str, Any]) -> None:
    credential = f"{named(KEY, 'worker')}/20451127/us-east-1/dynamodb/aws4_request"
    headers = {
        "host": "127.0.0.1:4566",
        "x-amz-target": f"DynamoDB_20120810.{operation}",
        "content-type": "application/x-amz-json-1.0",
        "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
        "user-agent": "Boto3/1.43 md/Botocore",
        "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
        "amz-sdk-invocation-id": "x",
    }
    scope = {
        "type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "scheme": "http",
        "client": ("127.0.0.1", 1), "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": json.dumps(parameters).encode(), "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    if statuses != [200]:
        raise BenchFailed(f"{operation} was answered {statuses}")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_compare(int(sys.argv[1])))))
