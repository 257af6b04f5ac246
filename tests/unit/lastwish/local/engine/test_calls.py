"""What an interceptor sees of a call at the engine, and what it may do with it."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest

from lastwish.local.door import CALLER
from lastwish.local.engine import calls, record
from lastwish.local.engine.calls import Answer, Call, Interceptor, Proceed

ARN = "arn:aws:{}:us-east-1:000000000000:{}"
STORE, SEATS = ARN.format("dynamodb", "table/Store"), ARN.format("dynamodb", "table/Seats")
KEY = {"stream": {"S": "wish#1"}}


class Engine:
    """MiniStack's place: it notes what arrives."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.bodies.append((await receive())["body"])
        self.headers.append(dict(scope["headers"]))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-from", b"engine")]})
        await send({"type": "http.response.body", "body": b"half, ", "more_body": True})
        await send({"type": "http.response.body", "body": b"half"})


@pytest.fixture
def engine() -> Engine:
    return Engine()


def request(service: str, operation: str, **parameters: Any) -> AWSPreparedRequest:
    """What boto3 sends for a call."""
    client = boto3.client(service, endpoint_url="http://127.0.0.1:4566")
    caught: list[AWSPreparedRequest] = []

    def catch(request: AWSPreparedRequest, **_: Any) -> None:
        caught.append(request)
        raise InterruptedError

    client.meta.events.register(f"before-send.{service}", catch)
    with pytest.raises(InterruptedError):
        getattr(client, operation)(**parameters)
    return caught[0]


def send(engine: Any, sent: AWSPreparedRequest, interceptors: Sequence[Interceptor]) -> tuple[int, bytes]:
    headers = [
        (name.lower().encode(), value if isinstance(value, bytes) else str(value).encode())
        for name, value in sent.headers.items()
    ]
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    path = sent.url.partition("4566")[2].partition("?")[0]
    scope = {"type": "http", "method": sent.method, "path": path, "query_string": b"", "headers": headers}
    return through(engine, scope | {CALLER: "worker", "client": ("127.0.0.1", 50000)}, body, interceptors)


def through(engine: Any, scope: Any, body: bytes, interceptors: Sequence[Interceptor]) -> tuple[int, bytes]:
    parts = [{"type": "http.request", "body": body[:3], "more_body": True}, {"type": "http.request", "body": body[3:]}]
    answered: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0)

    async def answer(message: Any) -> None:
        answered.append(message)

    asyncio.run(calls.layer(engine, interceptors)(scope, receive, answer))
    return answered[0]["status"], b"".join(each.get("body", b"") for each in answered)


class Watcher:
    """Interceptor that notes the calls and passes them on."""

    def __init__(self) -> None:
        self.seen: list[Call] = []

    async def __call__(self, call: Call, proceed: Proceed) -> Answer:
        self.seen.append(call)
        return await proceed(call)


PUT = {"TableName": "Store", "Item": {**KEY, "version": {"N": "1"}}}
WRITES = [{"Put": PUT}, {"Update": {"TableName": "Seats", "Key": KEY, "UpdateExpression": "SET a = b"}}]


@pytest.mark.parametrize(
    ("service", "method", "parameters", "operation", "permissions"),
    [
        ("dynamodb", "put_item", PUT, "PutItem", [("dynamodb:PutItem", STORE)]),
        (
            "dynamodb",
            "query",
            {"TableName": "Store", "IndexName": "held", "KeyConditionExpression": "a = b"},
            "Query",
            [("dynamodb:Query", STORE + "/index/held")],
        ),
        (
            "dynamodb",
            "batch_get_item",
            {"RequestItems": {"Store": {"Keys": [KEY]}, "Seats": {"Keys": [KEY]}}},
            "BatchGetItem",
            [("dynamodb:BatchGetItem", STORE), ("dynamodb:BatchGetItem", SEATS)],
        ),
        (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": WRITES},
            "TransactWriteItems",
            [("dynamodb:PutItem", STORE), ("dynamodb:UpdateItem", SEATS)],
        ),
        (
            "sqs",
            "send_message",
            {"QueueUrl": "http://127.0.0.1:4566/000000000000/Inbox", "MessageBody": "x"},
            "SendMessage",
            [("sqs:SendMessage", ARN.format("sqs", "Inbox"))],
        ),
        (
            "ssm",
            "get_parameters",
            {"Names": ["/a/B", "/a/C"]},
            "GetParameters",
            [("ssm:GetParameters", ARN.format("ssm", f"parameter/a/{name}")) for name in "BC"],
        ),
        (
            "cloudwatch",
            "put_metric_data",
            {"Namespace": "N", "MetricData": [{"MetricName": "M", "Value": 1}]},
            "PutMetricData",
            [("cloudwatch:PutMetricData", "*")],
        ),
        (
            "lambda",
            "get_function_configuration",
            {"FunctionName": "worker"},
            "GetFunctionConfiguration",
            [("lambda:GetFunctionConfiguration", ARN.format("lambda", "function:worker"))],
        ),
    ],
)
def test_an_interceptor_sees_caller_service_operation_and_resources(
    engine: Engine, service: str, method: str, parameters: Any, operation: str, permissions: list[tuple[str, str]]
) -> None:
    watcher = Watcher()
    sent = request(service, method, **parameters)

    assert send(engine, sent, [watcher]) == (200, b"half, half")
    [call] = watcher.seen
    assert (call.caller, call.service, call.operation) == ("worker", service, operation)
    assert list(call.permissions) == permissions
    assert call.resources == [arn for _, arn in permissions]
    assert call.client == ("127.0.0.1", 50000)
    assert engine.bodies == [call.body]


def test_the_call_of_an_apis_stage_needs_no_permission(engine: Engine) -> None:
    watcher = Watcher()
    scope = {"type": "http", "method": "POST", "path": "/_aws/execute-api/abc/local/wishes", "query_string": b""}
    through(engine, scope | {"headers": [], CALLER: "proxy", "client": ("127.0.0.1", 1)}, b"wish", [watcher])

    assert [(each.service, each.operation, each.permissions) for each in watcher.seen] == [
        ("execute-api", "Invoke", ())
    ]
    assert engine.bodies == [b"wish"]


@pytest.mark.parametrize("path", ["/_ministack/health", "/_lastwish/queues"])
def test_what_is_no_call_passes_unseen(engine: Engine, path: str) -> None:
    watcher = Watcher()
    through(engine, {"type": "http", "path": path, "headers": []}, b"", [watcher])

    assert (watcher.seen, len(engine.bodies)) == ([], 1)


async def refuse(call: Call, _proceed: Proceed) -> Answer:
    return Answer(400, [], call.operation.encode())


async def lose_the_answer(call: Call, proceed: Proceed) -> Answer:
    await proceed(call)
    return Answer(500)


async def send_twice(call: Call, proceed: Proceed) -> Answer:
    await proceed(call)
    return await proceed(call)


@pytest.mark.parametrize(
    ("interceptor", "arrived", "answer"),
    [(refuse, 0, (400, b"PutItem")), (lose_the_answer, 1, (500, b"")), (send_twice, 2, (200, b"half, half"))],
)
def test_an_interceptor_may_refuse_repeat_or_lose(
    engine: Engine, interceptor: Interceptor, arrived: int, answer: tuple[int, bytes]
) -> None:
    assert send(engine, request("dynamodb", "put_item", **PUT), [interceptor]) == answer
    assert len(engine.bodies) == arrived


def test_the_first_interceptor_is_the_outermost(engine: Engine) -> None:
    watchers = [Watcher(), Watcher()]
    send(engine, request("dynamodb", "put_item", **PUT), [watchers[0], refuse, watchers[1]])

    assert [len(each.seen) for each in watchers] == [1, 0]


def test_a_caller_that_leaves_in_the_middle_calls_nothing(engine: Engine) -> None:
    parts = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return parts.pop(0)

    scope = {"type": "http", "path": "/", "headers": []}
    asyncio.run(calls.layer(engine, [])(scope, receive, lambda _: pytest.fail("nobody is there to be answered")))
    assert engine.bodies == []


def test_loopback_counts_as_tls_for_the_policies_of_the_queues(engine: Engine) -> None:
    send(engine, request("dynamodb", "put_item", **PUT), [])
    assert engine.headers[0][b"x-forwarded-proto"] == b"https"


def test_the_record_counts_permissions_and_keeps_no_call(engine: Engine) -> None:
    kept = record.Record()
    for sent in (
        request("dynamodb", "put_item", **PUT),
        request("dynamodb", "transact_write_items", TransactItems=WRITES),
    ):
        send(engine, sent, [kept])

    status, body = through(kept.layer(engine), {"type": "http", "method": "GET", "path": record.PATH}, b"", [])
    assert (status, json.loads(body)) == (
        200,
        [
            {"caller": "worker", "action": "dynamodb:PutItem", "resource": STORE, "calls": 2},
            {"caller": "worker", "action": "dynamodb:UpdateItem", "resource": SEATS, "calls": 1},
        ],
    )


def test_every_other_path_goes_past_the_record(engine: Engine) -> None:
    through(
        record.Record().layer(engine),
        {"type": "http", "method": "GET", "path": "/_lastwish/queues", "headers": []},
        b"",
        [],
    )
    assert len(engine.bodies) == 1
