"""Permissions that a call needs, corrected to what AWS asks for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lastwish.local.engine import callers, permissions
from lastwish.local.engine.patch import ministack_module

ARN = "arn:aws:lambda:us-east-1:000000000000:function:worker"


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """MiniStack's module, corrected for this test only."""
    actions, dynamodb = ministack_module("core.iam_actions"), ministack_module("services.dynamodb")
    for name in ("extract_iam_action", "extract_resource_arn", "dynamodb_service_context"):
        monkeypatch.setattr(actions, name, getattr(actions, name))
    monkeypatch.setattr(dynamodb, "_tables", {"Model": {"pk_name": "pk"}})
    permissions.install()
    return actions


@pytest.mark.parametrize("call", ["SendMessage", "SendMessageBatch"])
def test_a_batch_needs_the_permission_of_one(iam: Any, call: str) -> None:
    headers = {"x-amz-target": f"AmazonSQS.{call}"}
    assert iam.extract_iam_action("sqs", "POST", "/", headers, b"{}", {}) == "sqs:SendMessage"


def test_other_services_keep_their_batches(iam: Any) -> None:
    headers = {"x-amz-target": "X.SomethingBatch"}
    assert iam.extract_iam_action("dynamodb", "POST", "/", headers, b"{}", {}) == "dynamodb:SomethingBatch"


@pytest.mark.parametrize(
    ("service", "target", "request_", "resource"),
    [
        ("logs", "Logs_20140328.FilterLogEvents", {"logGroupName": "/worker"}, "arn:aws:logs:r:1:log-group:/worker:*"),
        ("logs", "Logs_20140328.ListTagsForResource", {"resourceArn": "arn:of-a-group"}, "arn:of-a-group"),
        ("ssm", "AmazonSSM.GetParameters", {"Names": ["/a/B", "/a/C"]}, "arn:aws:ssm:r:1:parameter/a/B"),
        ("sqs", "AmazonSQS.SendMessage", {"QueueUrl": "http://sqs/1/Pods"}, "arn:aws:sqs:r:1:Pods"),
    ],
)
def test_a_resource_is_named_as_aws_names_it(
    iam: Any, service: str, target: str, request_: object, resource: str
) -> None:
    headers, body = {"x-amz-target": target}, json.dumps(request_).encode()
    assert iam.extract_resource_arn(service, "POST", "/", headers, body, {}, "r", "1") == resource


@pytest.mark.parametrize(
    ("request_", "keys"),
    [
        ({"TableName": "Model", "Key": {"pk": {"S": "pointer"}, "sk": {"S": "x"}}}, ["pointer"]),
        ({"TableName": "Model", "Item": {"pk": {"S": "row"}}}, ["row"]),
        ({"TableName": "Model"}, None),
        ({"TableName": "Other", "Key": {"pk": {"S": "pointer"}}}, None),
        ([], None),
    ],
)
def test_a_policy_can_ask_for_the_partition_key(iam: Any, request_: Any, keys: list[str] | None) -> None:
    assert iam.dynamodb_service_context(json.dumps(request_).encode()).get("dynamodb:LeadingKeys") == keys


@pytest.mark.parametrize("under_roles", [False, True])
def test_each_function_has_a_key_that_names_it(monkeypatch: pytest.MonkeyPatch, under_roles: bool) -> None:
    runtime, functions = ministack_module("core.lambda_runtime"), ministack_module("services.lambda_svc")
    sessions = ministack_module("services.sts")
    for module in (runtime, functions):
        monkeypatch.setattr(module, "execution_credentials", runtime.execution_credentials)
    monkeypatch.setattr(sessions, "_sessions", {})
    monkeypatch.setattr(ministack_module("app"), "AUTH", under_roles)
    callers.install("LWKEY")

    config = {"FunctionArn": ARN, "FunctionName": "worker", "Role": "arn:aws:iam::000000000000:role/worker"}
    assert functions.execution_credentials(config)["AWS_ACCESS_KEY_ID"] == "LWKEY.worker"
    session = sessions._sessions.get("LWKEY.worker", {})
    assert ("assumed-role/worker" in session.get("Arn", "")) == under_roles
    secrets = {
        (made := functions.execution_credentials({**config, "FunctionArn": arn}))["AWS_SECRET_ACCESS_KEY"]
        + made["AWS_SESSION_TOKEN"]
        for arn in (ARN, f"{ARN}:1", f"{ARN}:2")
    }
    assert len(secrets) == 1  # else a second version would shut the first one out
