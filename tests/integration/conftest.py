"""moto in place of AWS; tables and queues are those of template.yaml, the handlers those that Lambda loads.

With AWS_ENDPOINT_URL_DYNAMODB another engine takes the place of moto's DynamoDB: moto lets those calls through.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

import infra.aws
from infra import telemetry
from tests.support import template
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log, _Stdout, load
from tests.support.moderated_wall import ModeratedWall
from tests.support.projected import Projected
from tests.support.samples import LambdaContext
from tests.support.simulated.dynamodb import DynamoDB
from tests.support.simulated.sqs import Sqs
from tests.support.simulated.wire import simulated_aws

QUEUES = ("Inbox", "InboxDlq", "Pods", "PodsDlq", "ProjectorDlq", "Parked")


# These folders hold the tests of what talks to DynamoDB and SQS: they run over the simulation's services, too.
ALSO_SIMULATED = ("infra", "parser", "worker", "projector", "console", "web", "lastwish.maintenance")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "aws" in metafunc.fixturenames:
        folder = metafunc.module.__name__.removeprefix("tests.integration.").rpartition(".")[0]
        engines = ["moto", "simulated"] if folder in ALSO_SIMULATED else ["moto"]
        metafunc.parametrize("aws", engines, indirect=True, scope="function")


@contextmanager
def _engine(name: str) -> Iterator[None]:
    if name == "moto":
        with mock_aws():
            yield
        return
    with simulated_aws({"DynamoDB_20120810": DynamoDB(time.time), "AmazonSQS": Sqs(time.time)}):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test-dynamodb-local` runs on another engine: each test with `aws`, on moto so far."""
    for item in items:
        engine = getattr(getattr(item, "callspec", None), "params", {}).get("aws", "moto")
        if "aws" in getattr(item, "fixturenames", ()) and engine == "moto":
            item.add_marker("dynamodb")


@pytest.fixture
def aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    validating = Config(parameter_validation=True)  # deployed clients leave it to AWS
    monkeypatch.setattr("infra.aws._CONFIG", infra.aws._CONFIG.merge(validating))
    with _engine(request.param):
        sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")
        urls = {
            name: sqs.create_queue(QueueName=name, Attributes=template.queue_attributes(name))["QueueUrl"]
            for name in QUEUES
        }
        if "AWS_ENDPOINT_URL_DYNAMODB" in os.environ:  # moto has none; another engine keeps those of the last test
            for name in dynamodb.list_tables()["TableNames"]:
                dynamodb.delete_table(TableName=name)
        for name in ("EventStore", "Seats", "ReadModel"):
            dynamodb.create_table(TableName=name, **template.table(name))
        variables = {
            "INBOX_URL": urls["Inbox"],
            "INBOX_DLQ_URL": urls["InboxDlq"],
            "PODS_URL": urls["Pods"],
            "PODS_DLQ_URL": urls["PodsDlq"],
            "PROJECTOR_DLQ_URL": urls["ProjectorDlq"],
            "DEAD_LETTER_URLS": ",".join(urls[name] for name in ("InboxDlq", "PodsDlq", "Parked")),
            "STACK_NAME": "lastwish-local",
            "STAGE": "local",
            "TRACED_SERVICES": "lastwish-local/local,parser",
            "LOG_GROUPS": "parser=parserLogs,worker=workerLogs",
            "EVENT_STORE": "EventStore",
            "CLOSED_DESTINATIONS": "",
            "HELD_WORDS": "",
            "PARAMETER_PATH": "",
            "WALL_DELAY": "0",
            "PUBLIC_URL": "https://last.example/",
            "USER_POOL": "us-east-1_pool",
            "USER_POOL_CLIENT": "client",
            "SEATS": "Seats",
            "READ_MODEL": "ReadModel",
            "MARS_SEATS": "1000",
            "JUPITER_SEATS": "1000",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield Aws(sqs, dynamodb, urls, "EventStore")


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
def projected(aws: Aws, projector: ModuleType) -> Projected:
    return Projected(aws, projector)


@pytest.fixture
def worker(aws: Aws) -> ModuleType:
    return load("worker")


@pytest.fixture
def wall(aws: Aws, invoke: Invoke) -> ModeratedWall:
    return ModeratedWall(aws, invoke, {name: load(name) for name in ("worker", "projector", "frontend", "console")})


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(telemetry.logger.registered_handler, "stream", _Stdout())
    return Log(capsys)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore still tries again, but does not wait in between; nor does SQS. Everybody else's clock stays as it is."""
    monkeypatch.setattr("infra.dead_letters.LONG_POLL", 0)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(**{**vars(time), "sleep": lambda _: None}))


@pytest.fixture
def invoke() -> Invoke:
    """Call a function as Lambda does: JSON in, JSON out."""

    def call(function: ModuleType, event: dict[str, Any]) -> dict[str, Any]:
        answer = function.handler(json.loads(json.dumps(event)), LambdaContext())
        result: dict[str, Any] = json.loads(json.dumps(answer))
        return result

    return call
