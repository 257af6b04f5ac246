"""A show on moto, through all functions, that ends in a journal and in log groups, as a laptop has them."""

import json
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3

from lastwish.observe.logs import Source
from lastwish.shipping.memory import collect
from lastwish.shipping.memory.duck import Memory
from tests.support import journaling
from tests.support.aws import Aws, as_record
from tests.support.functions import Invoke, Log
from tests.support.http import post_event
from tests.support.moderated_wall import ModeratedWall

MARKUP = "<img src=x onerror=alert(1)> remember the sea"
SECRET = "The code of the vault is under the third stone"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


class RecordedShow:
    """``wishes`` are ids by a short name; ``images`` are the new items of the table's stream, in their order."""

    def __init__(self, aws: Aws, invoke: Invoke, log: Log, functions: dict[str, ModuleType], folder: Path) -> None:
        self.aws, self._invoke, self._log, self._functions = aws, invoke, log, functions
        self.journal, self._groups = folder / "journal.jsonl", dict[str, str]()
        self._engine = journaling.Engine(self.journal)
        self._wall = ModeratedWall(aws, invoke, functions)
        self.wishes, self.images = dict[str, str](), list[dict[str, Any]]()
        self._logs = boto3.client("logs")

    def perform(self) -> None:
        """Send what an audience sends, and do what operators do."""
        self.send("ordinary", "Look after my dog")
        self.send("marked", MARKUP)
        self.send("pressed twice", "<b>no</b> cats", key=KEY)
        self.send("pressed twice", "<b>no</b> cats", key=KEY, request="pressed again")
        self.send("only a link", "https://example.com/x")
        self.send("held", "see https://example.com/x for more")
        self.send("to jupiter", "Wave to the ice", to="jupiter")
        self.send("too late", "Is there room?", to="jupiter")
        self.send("erased", SECRET, name="Ada Secret")
        self._call("frontend", post_event({"message": "", "destination": "mars"}))
        self.aws.sqs.send_message(QueueUrl=self.aws.urls["Inbox"], MessageBody="no envelope")
        for service, queue in (("parser", "Inbox"), ("worker", "Pods")):
            while messages := self.aws.take(queue):
                self._call(service, {"Records": list(map(as_record, messages))})
        self._store()
        for action in ("hide", "erase"):
            self._wall.moderate(self.wishes["erased"], action)
            self._note("console")
            self._store()

    def send(self, short: str, text: str, /, *, to: str = "mars", request: str = "", **more: str) -> None:
        """Send a wish in a request whose id is its short name."""
        headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
        event = post_event({"message": text, "destination": to, **more}, **headers)
        event["requestContext"]["extendedRequestId"] = (request or short).replace(" ", "-")
        answer = self._call("frontend", event)
        self.wishes[short] = json.loads(answer["body"])["wish_id"]

    def source(self) -> Source:
        """Return the log groups, as `lastwish logs` finds them."""
        return Source(self._logs, self._groups)

    def remember(self, memory: Memory) -> None:
        """Give a memory what this laptop has."""
        memory.add({"event_records": collect.events(self.journal), "log_records": collect.lines(self.source())})

    def _call(self, service: str, event: dict[str, Any]) -> dict[str, Any]:
        answer = self._invoke(self._functions[service], event)
        self._note(service)
        return answer

    def _store(self) -> None:
        """Journal what is new in the table, as the engine does, and project it."""
        known = [(each["stream"], each["version"]) for each in self.images]
        for item in sorted(self.aws.stored(), key=lambda item: (item["version"]["N"], item["stream"]["S"])):
            if (item["stream"], item["version"]) not in known:
                self.images.append(item)
                self._engine.put(item)
        self._wall.project()
        self._note("projector")

    def _note(self, service: str) -> None:
        """Put into the function's log group what it wrote, between Lambda's own lines."""
        if service not in self._groups:
            self._groups[service] = f"{service}-logs"
            self._logs.create_log_group(logGroupName=self._groups[service])
            self._logs.create_log_stream(logGroupName=self._groups[service], logStreamName="s")
        lines = [line | {"service": service} for line in self._log.lines()]  # in tests all functions share a logger
        texts = ["START RequestId: 1", *map(json.dumps, lines), "REPORT RequestId: 1", "[ERROR] Runtime exited"]
        events = [{"timestamp": int(1000 * time.time()), "message": text} for text in texts]
        self._logs.put_log_events(logGroupName=self._groups[service], logStreamName="s", logEvents=events)
