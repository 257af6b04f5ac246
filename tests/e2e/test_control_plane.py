"""The engine speaks the whole control plane of AWS: nothing that reaches the proxy gets through to it."""

import socket
from urllib.parse import urlsplit

import pytest

from lastwish.local.door import KEY_HEADER
from tests.support.laptop import Stack

SIGNED = "Authorization: AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/{}/aws4_request, Signature=0"
PATHS_BEHIND_THE_DOOR = [
    "/_ministack/health",
    "/_ministack/ready",
    "/_localstack/health",
    "/health/../_ministack/health",
    "/./_ministack/health",
    "//_ministack/health",
    "/_ministack%2fhealth",
    "/%5fministack/health",
    "/wishes/..%2f..%2f_ministack/health",
    "/wishes/../../../../_ministack/health",
    "/wishes/%2e%2e/%2e%2e/%2e%2e/%2e%2e/_ministack/health",
    "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/_ministack/health",
    "/assets/..%5c..%5c_ministack",
    "/assets/%252e%252e%252f_ministack",
    "/assets/..;/..;/_ministack/health",
    "/_aws/sqs/messages",
    "/_aws/execute-api/any/local/health",
    "/2015-03-31/functions",
    "/restapis",
    "/000000000000/lastwish-local-Inbox",
    "http://{engine}/_ministack/health",
    "http://sqs.us-east-1.amazonaws.com/?Action=ListQueues",
]


def _raw(url: str, *lines: str, body: str = "") -> tuple[int, str]:
    """Send exactly these lines, as no well-behaved client would. Returns the status and all that came back."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=60) as connection:
        head = [*lines, "Connection: close", f"Content-Length: {len(body)}"]
        connection.sendall(("\r\n".join(head) + "\r\n\r\n" + body).encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")
    return int(answer.split()[1]), answer


def test_the_control_plane_answers_who_reaches_it_with_the_key(stack: Stack) -> None:
    status, answer = _raw(
        stack.engine, "GET /_ministack/health HTTP/1.1", "Host: localhost:1", f"{KEY_HEADER}: {stack.key}"
    )

    assert (status, '"services"' in answer) == (200, True)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", PATHS_BEHIND_THE_DOOR)
def test_no_path_leads_to_the_control_plane(stack: Stack, method: str, path: str) -> None:
    target = path.format(engine=urlsplit(stack.engine).netloc)
    status, answer = _raw(stack.url, f"{method} {target} HTTP/1.1", "Host: 127.0.0.1")

    assert status == 404
    assert "There is nothing at this path." in answer


@pytest.mark.parametrize(
    "headers",
    [
        ["Host: sqs.us-east-1.amazonaws.com"],
        ["Host: dynamodb.us-east-1.amazonaws.com", "X-Amz-Target: DynamoDB_20120810.ListTables"],
        ["Host: 127.0.0.1", "X-Amz-Target: AmazonSQS.ListQueues"],
        ["Host: 127.0.0.1", SIGNED.format("sqs")],
        ["Host: 127.0.0.1", SIGNED.format("s3")],
        ["Host: 127.0.0.1", "X-Forwarded-Host: s3.us-east-1.amazonaws.com", "X-Forwarded-Prefix: /_ministack"],
        ["Host: 127.0.0.1", "X-Original-URL: /_ministack/health", "X-Rewrite-URL: /_ministack/health"],
        ["Host: 127.0.0.1", "X-HTTP-Method-Override: DELETE"],
        ["Host: abc.execute-api.us-east-1.amazonaws.com"],
        ["Host: lastwish.s3.us-east-1.amazonaws.com"],
    ],
)
def test_no_header_leads_to_the_control_plane(stack: Stack, headers: list[str]) -> None:
    status, answer = _raw(stack.url, "GET /health HTTP/1.1", *headers)
    _, ordinary = _raw(stack.url, "GET /health HTTP/1.1", "Host: 127.0.0.1")

    assert (status, answer.partition("\r\n\r\n")[2]) == (200, ordinary.partition("\r\n\r\n")[2])


@pytest.mark.parametrize(
    "query", ["Action=ListQueues&Version=2012-11-05", "X-Amz-Credential=test/1/us-east-1/sqs/aws4_request"]
)
def test_no_query_leads_to_the_control_plane(stack: Stack, query: str) -> None:
    status, answer = _raw(stack.url, f"GET /health?{query} HTTP/1.1", "Host: 127.0.0.1")

    assert status == 200
    assert "ListQueues" not in answer


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/x-amz-json-1.0"])
def test_no_body_leads_to_the_control_plane(stack: Stack, content_type: str) -> None:
    lines = [
        "POST /wishes?Action=ListQueues HTTP/1.1",
        "Host: sqs.us-east-1.amazonaws.com",
        f"Content-Type: {content_type}",
    ]
    status, answer = _raw(stack.url, *lines, "X-Amz-Target: AmazonSQS.ListQueues", body="Action=ListQueues")

    assert status in (400, 415, 422)
    assert "QueueUrl" not in answer


def test_a_second_request_hidden_in_the_first_goes_nowhere(stack: Stack) -> None:
    hidden = "0\r\n\r\nGET /_ministack/health HTTP/1.1\r\nHost: x\r\n\r\n"
    lines = ["POST /wishes HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Transfer-Encoding: chunked"]
    _, answer = _raw(stack.url, *lines, body=hidden)

    assert '"services"' not in answer
