"""The engine in this process: MiniStack behind the door and our layers, served by its own server, without a stack."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config as BotocoreConfig
from hypercorn.asyncio import serve
from hypercorn.config import Config

from lastwish.aws.clients import REGION, UNCHECKED, Endpoint
from lastwish.local.door import named
from lastwish.local.engine import calls, permissions
from lastwish.local.engine.calls import Interceptor
from lastwish.local.engine.faults import Faults
from lastwish.local.engine.faults_marks import Marks
from lastwish.local.engine.patch import ministack_module
from lastwish.local.engine.process import messages
from lastwish.local.engine.server import layers

KEY = "LWTEST"
ITEM = {"stream": {"S": "wish#1"}}
# As the functions have it (infra.aws), but three times as fast.
_CONFIG = BotocoreConfig(connect_timeout=1, read_timeout=0.3, retries={"mode": "standard", "total_max_attempts": 3})


@dataclass
class Engine:
    """An engine that serves."""

    endpoint: Endpoint

    def put(self, caller: str = "worker", **arguments: Any) -> Any:
        """Put the item into Store, as a function does."""
        return self.client("dynamodb", caller).put_item(TableName="Store", Item=ITEM, **arguments)

    def send(self, queue: str = "lastwish-Pods", body: str = "{}", caller: str = "parser") -> Any:
        """Send a message."""
        return self.client("sqs", caller).send_message(QueueUrl=url_of(queue), MessageBody=body)

    def send_all(self, *bodies: str, queue: str = "lastwish-Pods", caller: str = "parser") -> Any:
        """Send messages in one batch."""
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        return self.client("sqs", caller).send_message_batch(QueueUrl=url_of(queue), Entries=entries)

    def take(self, queue: str = "lastwish-Pods") -> list[str]:
        """Return the bodies of all messages in a queue, and empty it."""
        found = messages(self.endpoint, url_of(queue))
        self.client("sqs", "commands").purge_queue(QueueUrl=url_of(queue))
        return found

    def items(self) -> list[Any]:
        """Return what Store has, and empty it."""
        dynamodb = self.client("dynamodb", "commands", read_timeout=30)
        found = dynamodb.scan(TableName="Store")["Items"]
        for item in found:
            dynamodb.delete_item(TableName="Store", Key={"stream": item["stream"]})
        return list(found)

    def create_store_and_queues(self) -> None:
        """Create the table and the queues of the methods above."""
        self.client("dynamodb", "commands", read_timeout=30).create_table(
            TableName="Store",
            AttributeDefinitions=[{"AttributeName": "stream", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for queue in ("lastwish-Pods", "lastwish-PodsDlq"):
            self.client("sqs", "commands", read_timeout=30).create_queue(QueueName=queue)

    def client(self, service: str, caller: str = "worker", **config: Any) -> Any:
        """Return boto3's client of a function, or of another caller."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint.url,
            region_name=REGION,
            aws_access_key_id=named(KEY, caller),
            aws_secret_access_key=UNCHECKED,
            config=_CONFIG.merge(BotocoreConfig(**config)),
        )


def url_of(queue: str) -> str:
    """Return a queue's URL."""
    return f"http://127.0.0.1/000000000000/{queue}"


@contextmanager
def engine_in_process(folder: Path, daemon: str = "", interceptors: Sequence[Interceptor] = ()) -> Iterator[Engine]:
    """Serve MiniStack for the block; its tables, queues, metrics and logs are empty before and after."""
    app: Any = calls.layer(ministack_module("app").app, interceptors)
    actions = ministack_module("core.iam_actions")
    before = actions.extract_iam_action, actions.dynamodb_service_context
    permissions.install()  # a part of how calls are read
    for layer in reversed(layers(KEY, folder / "journal", Faults(Marks(daemon)))):
        app = layer(app)
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    config = Config()
    config.bind, config.loglevel = [f"fd://{bound.detach()}"], "CRITICAL"  # the server closes it
    stopping, loop = asyncio.Event(), asyncio.new_event_loop()
    served = serve(app, config, shutdown_trigger=stopping.wait)
    serving = threading.Thread(target=loop.run_until_complete, args=(served,))
    serving.start()
    try:
        yield Engine(Endpoint(url, KEY))
    finally:
        loop.call_soon_threadsafe(stopping.set)
        serving.join()
        loop.close()
        actions.extract_iam_action, actions.dynamodb_service_context = before
        for name in ("dynamodb", "sqs", "cloudwatch", "cloudwatch_logs"):
            ministack_module(f"services.{name}").reset()
