"""Clients made without most of botocore's data call what boto3's own call, in every partition."""

import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config

from infra import aws

READS: dict[str, Callable[[Any], Any]] = {
    "cloudwatch": lambda client: client.list_metrics(),
    "cognito-idp": lambda client: client.initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId="id"),
    "dynamodb": lambda client: client.get_item(TableName="table", Key={"id": {"S": "1"}}),
    "logs": lambda client: client.describe_log_groups(),
    "sqs": lambda client: client.send_message(QueueUrl="https://queue.example/1/Inbox", MessageBody="text"),
    "xray": lambda client: client.get_trace_summaries(StartTime=0, EndTime=1),
}
REGIONS = ("us-east-1", "eu-central-2", "us-gov-west-1", "cn-northwest-1", "us-iso-east-1", "eu-new-9")


@pytest.fixture(autouse=True)
def new_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def called(client: Any, read: Callable[[Any], Any]) -> tuple[str, str]:
    """Return the address of a call, and for which region and service it was signed."""
    sent: list[Any] = []

    def answer(request: AWSRequest, **_: Any) -> AWSResponse:
        sent.append(request)
        response = AWSResponse(request.url, 200, {}, None)
        response._content = b"{}"
        return response

    client.meta.events.register("before-send", answer)
    read(client)
    scope = re.search(rb"Credential=key/\d+/([^,]+)", sent[0].headers.get("Authorization", b""))
    return sent[0].url, scope[1].decode() if scope else ""


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", READS)
def test_a_client_calls_the_same_address_with_the_same_signature(service: str, region: str) -> None:
    ours = called(aws.session().client(service, region_name=region), READS[service])
    assert ours == called(boto3.Session().client(service, region_name=region), READS[service])


def test_an_address_from_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    url, _ = called(aws.session().client("sqs", region_name="us-east-1", config=Config()), READS["sqs"])
    assert url == "http://127.0.0.1:1/"
