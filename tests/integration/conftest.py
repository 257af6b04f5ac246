"""moto in place of AWS; tables and queues are those of template.yaml, the handlers those that Lambda loads."""

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import telemetry
from tests import template
from tests.samples import LambdaContext

QUEUES = ("Inbox", "InboxDlq", "Pods", "PodsDlq", "ProjectorDlq")


@dataclass
class Aws:
    """The resources, and what a test wants to know of them."""

    sqs: Any
    dynamodb: Any
    urls: dict[str, str]
    table: str

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """Everything in a queue now, with its attributes."""
        answer = self.sqs.receive_message(
            QueueUrl=self.urls[queue],
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def stored(self) -> list[dict[str, Any]]:
        """Every item of the event store."""
        return list(self.dynamodb.scan(TableName=self.table)["Items"])

    def deliver(self, queue: str) -> dict[str, Any]:
        """What Lambda would be given of a queue: its messages as records of an SQS event."""
        return {"Records": [_as_record(message) for message in self.messages(queue)]}


def _as_record(message: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        name: {"stringValue": value["StringValue"], "dataType": "String"}
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
    }


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with mock_aws():
        sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")
        urls = {
            name: sqs.create_queue(QueueName=name, Attributes=template.queue_attributes(name))["QueueUrl"]
            for name in QUEUES
        }
        for name in ("EventStore", "Seats", "ReadModel"):
            dynamodb.create_table(TableName=name, **template.table(name))
        variables = {
            "INBOX_URL": urls["Inbox"],
            "INBOX_DLQ_URL": urls["InboxDlq"],
            "PODS_URL": urls["Pods"],
            "PODS_DLQ_URL": urls["PodsDlq"],
            "PROJECTOR_DLQ_URL": urls["ProjectorDlq"],
            "STACK_NAME": "lastwish-local",
            "STAGE": "local",
            "EVENT_STORE": "EventStore",
            "CLOSED_DESTINATIONS": "",
            "HELD_WORDS": "",
            "WALL_DELAY": "0",
            "PUBLIC_URL": "https://last.example/",
            "USER_POOL_CLIENT": "client",
            "SEATS": "Seats",
            "READ_MODEL": "ReadModel",
            "MARS_SEATS": "1000",
            "JUPITER_SEATS": "1000",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield Aws(sqs, dynamodb, urls, "EventStore")


def load(function: str) -> ModuleType:
    """A function's handler module, as a cold start makes it."""
    sys.modules.pop(f"{function}.handler", None)  # its clients belong to the last test's moto
    return importlib.import_module(f"{function}.handler")


@pytest.fixture
def frontend(aws: Aws) -> ModuleType:
    return load("frontend")


@pytest.fixture
def console(aws: Aws) -> ModuleType:
    return load("console")


@pytest.fixture
def mission(aws: Aws) -> ModuleType:
    return load("mission")


@pytest.fixture
def parser(aws: Aws) -> ModuleType:
    return load("parser")


@pytest.fixture
def projector(aws: Aws) -> ModuleType:
    return load("projector")


@pytest.fixture
def worker(aws: Aws) -> ModuleType:
    return load("worker")


@dataclass
class Log:
    """What the functions write to their log: JSON lines, metrics among them."""

    captured: pytest.CaptureFixture[str]

    def lines(self) -> list[dict[str, Any]]:
        """Every line since the last look."""
        return [json.loads(line) for line in self.captured.readouterr().out.splitlines()]


class _Stdout:
    """Standard output as it is now. Powertools keeps the one that was there when it was imported; pytest changes it."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(telemetry.logger.registered_handler, "stream", _Stdout())
    return Log(capsys)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore still tries again, but does not wait in between. Everybody else's clock stays as it is."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(**{**vars(time), "sleep": lambda _: None}))


type Invoke = Callable[[ModuleType, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def invoke() -> Invoke:
    """Call a function as Lambda does: JSON in, JSON out."""

    def call(function: ModuleType, event: dict[str, Any]) -> dict[str, Any]:
        answer = function.handler(json.loads(json.dumps(event)), LambdaContext())
        result: dict[str, Any] = json.loads(json.dumps(answer))
        return result

    return call
