"""Count what AWS bills for a wish, from the real calls of the four functions: `python -m bench.bill` prints it as JSON.

The functions run here, warm, one after the other, each with the batch that the one before made. An interceptor among
the layers in front of the engine counts their calls, and DynamoDB's units as AWS does. Lambda's own polls are added by
rule: each batch of a queue is received once and deleted once. Reads of the stream by Lambda are free.

Beside it stand the least that a chain of this promise needs, and a naive build, as constants: nobody has built them.
"""

import io
import json
import math
import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import BenchFailed
from bench.functions import variables
from lastwish.local.door import named
from lastwish.local.engine.calls import Answer, Call, Proceed
from lastwish.local.state import ROOT
from lastwish.observe import prices
from tests.support import template
from tests.support.laptop import Stack
from tests.support.samples import LambdaContext, sample
from tests.support.wishes import stream_event

FUNCTIONS = ("frontend", "parser", "worker", "projector")
FUNCTION = "function"  # their name at the engine, all of them in one process
WISHES = 40  # that are counted, after as many that warm the functions up
SIZES = {"alone": (1, 1), "crowd": (10, 20)}  # wishes in a batch of a queue, and in one of the stream
SAMPLED = 0.05  # of API calls and of Lambda's own batches: TraceRate, and what Lambda documents
_TABLES = {"EventStore": "EVENT_STORE", "ReadModel": "READ_MODEL", "Seats": "SEATS"}
_QUEUES = {"Inbox": "INBOX_URL", "InboxDlq": "INBOX_DLQ_URL", "Pods": "PODS_URL", "PodsDlq": "PODS_DLQ_URL"}
_READ, _WRITE = 4096, ("PutItem", "UpdateItem", "TransactWriteItems")
_PLATFORM_BYTES = 340  # START, END and REPORT of an invocation, as in Lambda's documentation
_LINE_BYTES = 26  # that CloudWatch adds to each line
_GB_SECONDS = 1769 / 1024  # of a second of CPU: 1,769 MB have one processor, and less memory has its share of it
_TRACE = "Root=1-5e645f3e-1dfad076a177c5ccc5de12f5;Parent=53995c3f42cd8ad8;Sampled=1"

type Costs = dict[str, float]
type Counts = defaultdict[str, float]
PRICES: Costs = {
    "api requests": prices.REST_REQUEST,
    "lambda requests": prices.LAMBDA_REQUEST,
    "lambda GB-seconds": prices.LAMBDA_GB_SECOND["arm64"],
    "sqs requests": prices.SQS_REQUEST,
    "write units": prices.WRITE_UNIT,
    "read units": prices.READ_UNIT,
    "log bytes": prices.LOG_BYTE,
    "traces": prices.TRACE,
}
# The least: one call and one queue, from which a consumer takes ten; one commit, a tenth of a lease, one row, and a
# twentieth of the wall's feed and totals, each at the price of a plain write; a log line for a batch, no trace.
FLOOR: Costs = {
    "api requests": 1, "lambda requests": 1.15, "lambda GB-seconds": 0.005, "sqs requests": 1.2, "write units": 2.2,
    "read units": 0, "log bytes": 100, "traces": 0,
}  # fmt: skip
# One message to an invocation. Three events, each an item of its own, in one transaction with its outbox (twelve
# units); the model's row and counter in another (four). The stream is read before each append. Each of the four
# invocations logs its event and its answer, 2 KB each time. Everything is traced: the call, and each batch.
NAIVE: Costs = {
    "api requests": 1, "lambda requests": 4, "lambda GB-seconds": 0.03, "sqs requests": 6, "write units": 16,
    "read units": 4, "log bytes": 8000, "traces": 3,
}  # fmt: skip


class Meter:
    """Interceptor that counts calls by service, and DynamoDB's units."""

    def __init__(self) -> None:
        self.counts: Counts = defaultdict(float)

    async def __call__(self, call: Call, proceed: Proceed) -> Answer:
        """Count a call of a function and pass it on."""
        if call.caller != FUNCTION:
            return await proceed(call)
        if call.service != "dynamodb":
            self.counts["sqs requests"] += 1
            return await proceed(call)
        asked = json.loads(call.body) | {"ReturnConsumedCapacity": "TOTAL"}
        answer = await proceed(replace(call, body=json.dumps(asked).encode()))
        if answer.status == 200:
            said = json.loads(answer.body)
            if call.operation in _WRITE:
                consumed = said["ConsumedCapacity"]
                self.counts["write units"] += sum(
                    each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed])
                )
            else:
                self.counts["read units"] += _read_units(asked, said)
        return answer


def _read_units(asked: dict[str, Any], said: dict[str, Any]) -> float:
    """Return the units of a read, which the engine does not count (docs/databases.md): one for each 4 KB that was read.

    A key that has no item counts as one that has.
    """
    if tables := asked.get("RequestItems"):
        keys = [(of.get("ConsistentRead"), len(of["Keys"])) for of in tables.values()]
        return sum(count * (1 if consistent else 0.5) for consistent, count in keys)
    size = len(json.dumps(said.get("Items", said.get("Item", {}))))
    return max(1, math.ceil(size / _READ)) * (1 if asked.get("ConsistentRead") else 0.5)


@dataclass
class _Invoked:
    """Runs handlers as Lambda does, and adds up what they use."""

    modules: dict[str, Any]
    daemon: socket.socket
    log: io.StringIO  # in the place of standard output
    counts: Counts = field(default_factory=lambda: defaultdict(float))

    def run(self, function: str, event: Any) -> None:
        os.environ["_X_AMZN_TRACE_ID"] = _TRACE
        began = time.thread_time()
        answer = self.modules[function].handler(event, LambdaContext()) or {}
        self.counts["cpu s"] += time.thread_time() - began
        if answer.get("statusCode", 202) != 202 or answer.get("batchItemFailures"):
            raise RuntimeError(f"{function} answered {answer}")
        lines = self.log.getvalue().splitlines()
        self.counts["log bytes"] += sum(len(line.encode()) + _LINE_BYTES for line in lines) + _PLATFORM_BYTES
        self.log.seek(0)
        self.log.truncate()
        self.counts["lambda requests"] += 1
        self.counts["segments"] += sum(1 for _ in self._datagrams())

    def _datagrams(self) -> Iterator[bytes]:
        while True:
            try:
                yield self.daemon.recv(65536)
            except BlockingIOError:
                return


def measure(stack: Stack) -> dict[str, Any]:
    """Return what a wish uses and costs, alone and in a crowd, and beside it the floor and the naive build.

    The stack gives only the functions' variables; the engine is one of this measurement's own. Raises BenchFailed.
    """
    own = {name: value for function in FUNCTIONS for name, value in variables(stack, function).items()}
    with TemporaryDirectory() as folder:
        env = os.environ | own | {"STATE_DIR": folder, "S3_DATA_DIR": folder, "LOG_LEVEL": "ERROR"}
        env |= {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]), "POWERTOOLS_LOG_LEVEL": "INFO"}
        command = [sys.executable, "-m", "bench.bill"]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"the bill of a wish was not counted: {done.stderr}")
    used: dict[str, Costs] = json.loads(done.stdout.splitlines()[-1])
    rows = {"floor": FLOOR, **used, "naive": NAIVE}
    return {"per_wish": rows, "dollars_per_million": {name: _dollars(row) for name, row in rows.items()}}


def _dollars(row: Costs) -> Costs:
    lines = {name: round(1e6 * row[name] * price, 2) for name, price in PRICES.items()}
    return {**lines, "all": round(sum(lines.values()), 2)}


def _count(folder: Path) -> dict[str, Costs]:
    """Return the costs by size of the batches: an engine, its tables and queues, and the four handlers over them."""
    from tests.support.engine_in_process import KEY, engine_in_process  # MiniStack reads its environment

    meter, log = Meter(), io.StringIO()
    with (
        engine_in_process(folder, interceptors=[meter]) as engine,
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as daemon,
    ):
        daemon.bind(("127.0.0.1", 0))
        daemon.setblocking(False)
        dynamodb, sqs = (engine.client(name, "commands", read_timeout=30) for name in ("dynamodb", "sqs"))
        for logical_id, variable in _TABLES.items():
            dynamodb.create_table(TableName=logical_id, **template.table(logical_id))
            os.environ[variable] = logical_id
        for name, variable in _QUEUES.items():
            os.environ[variable] = sqs.create_queue(QueueName=name)["QueueUrl"]
        os.environ |= {
            "AWS_ENDPOINT_URL": engine.endpoint.url,
            "AWS_ACCESS_KEY_ID": named(KEY, FUNCTION),
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            "LAMBDA_TASK_ROOT": "/var/task",
            "_X_AMZN_TRACE_ID": _TRACE,
        }
        with redirect_stdout(log):  # before the loggers are made, which keep it
            modules = {name: import_module(f"{name}.handler") for name in FUNCTIONS}
            chain = _Chain(_Invoked(modules, daemon, log), dynamodb, sqs, meter)
            return {name: chain.count(*sizes) for name, sizes in SIZES.items()}


@dataclass
class _Chain:
    """Takes wishes through all four functions."""

    invoked: _Invoked
    dynamodb: Any
    sqs: Any
    meter: Meter
    seen: set[str] = field(default_factory=set)

    def count(self, batch: int, slice_: int) -> Costs:
        """Return what a wish uses in batches of such sizes."""
        for _ in range(2):  # the first round warms up
            self.meter.counts.clear()
            self.invoked.counts.clear()
            self._send(batch, slice_)
        used, batches = self.meter.counts | self.invoked.counts, 2 * WISHES / batch
        used["sqs requests"] += 2 * batches  # received and deleted by Lambda
        used["traces"] = SAMPLED * (WISHES + batches + WISHES / slice_)
        used["lambda GB-seconds"] = used.pop("cpu s") * _GB_SECONDS
        used["api requests"] = WISHES
        return {name: float(f"{used[name] / WISHES:.3g}") for name in (*PRICES, "segments")}

    def _send(self, batch: int, slice_: int) -> None:
        for _ in range(WISHES):
            event = sample("frontend-good-wish")
            event["headers"].pop("Idempotency-Key", None)
            event["multiValueHeaders"].pop("Idempotency-Key", None)
            self.invoked.run("frontend", event)
        for function, queue in (("parser", "INBOX_URL"), ("worker", "PODS_URL")):
            while records := self._received(os.environ[queue], batch):
                self.invoked.run(function, {"Records": records})
        items = self.dynamodb.scan(TableName="EventStore")["Items"]
        new = [item for item in items if item["stream"]["S"] not in self.seen]
        self.seen.update(item["stream"]["S"] for item in new)
        if len(new) != WISHES:
            raise RuntimeError(f"{len(new)} of {WISHES} wishes were stored")
        for some in batched(new, slice_, strict=False):
            self.invoked.run("projector", stream_event(list(some)))

    def _received(self, url: str, batch: int) -> list[dict[str, Any]]:
        """Take messages from a queue, as Lambda gives them to a function."""
        taken = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=batch, AttributeNames=["All"])
        for message in taken.get("Messages", []):
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
            }
            for message in taken.get("Messages", [])
        ]


if __name__ == "__main__":
    with TemporaryDirectory() as directory:
        print(json.dumps(_count(Path(directory))))
