"""Stacks that fail, stop and come back, with templates of a few lines on the local engine."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lastwish.aws.clients import Endpoint, engine_client
from lastwish.shipping.deploying.bucket import Bucket
from lastwish.shipping.deploying.cloudformation import Plan, Stack, adoptable
from lastwish.shipping.deploying.environment import Environment
from lastwish.shipping.deploying.errors import DeployDeclined, DeployError, DeployStopped, StackFailed
from lastwish.shipping.deploying.history import Record
from lastwish.shipping.deploying.lock import Lock
from lastwish.shipping.deploying.source import Source
from lastwish.shipping.deploying.steps import Question, Run
from tests.support import ROOT
from tests.support.engine_alone import engine_alone

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": {"Ref": "Seconds"}}}
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": {"Fn::If": ["Kept", "Retain", "Delete"]},
    "UpdateReplacePolicy": {"Fn::If": ["Kept", "Retain", "Delete"]},
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
}
IMPOSSIBLE = {"Type": "AWS::Cognito::UserPoolGroup", "Properties": {"UserPoolId": "us-east-1_none", "GroupName": "a"}}
# What makes it takes until it is signalled.
SLOW = {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {"Timeout": "60", "Handle": {"Ref": "Handle"}}}
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def template(**resources: Any) -> dict[str, Any]:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Seconds": {"Type": "Number", "Default": 30}},
        "Conditions": {"Kept": {"Fn::Equals": ["a", "a"]}},
        "Resources": resources,
        "Outputs": {"Name": {"Value": "any"}},
    }


def body(**resources: Any) -> dict[str, str]:
    return {"TemplateBody": json.dumps(template(**resources))}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with engine_alone(tmp_path_factory.mktemp("stacks") / "home") as (_, endpoint):
        yield endpoint


@pytest.fixture
def stack(endpoint: Endpoint, request: pytest.FixtureRequest) -> Stack:
    name = request.node.name.replace("_", "-")[:60]
    return Stack(engine_client("cloudformation", endpoint), name, pause=0.1)


def a_bucket(endpoint: Endpoint) -> Bucket:
    bucket = Bucket(engine_client("s3", endpoint), "deploys")
    bucket.create()
    return bucket


def on() -> None:
    """Nobody asks to stop."""


def apply(stack: Stack, template: dict[str, str], **parameters: str) -> str:
    return stack.execute(planned(stack, template, **parameters), on)


def planned(stack: Stack, template: dict[str, str], **parameters: str) -> Plan:
    plan = stack.plan(template, parameters)
    assert plan
    return plan


def test_a_changed_parameter_is_said_and_what_does_not_change_is_no_plan(stack: Stack) -> None:
    assert apply(stack, body(Pods=QUEUE)) == "CREATE_COMPLETE"
    assert stack.plan(body(Pods=QUEUE), {}) is None
    changes = planned(stack, body(Pods=QUEUE), Seconds="60").changes
    assert changes.parameters == [("Seconds", "30", "60")]
    assert [str(each) for each in changes.resources] == ["Pods (SQS::Queue)"]
    assert changes.dangers == []


def test_a_table_that_would_be_replaced_is_a_danger(stack: Stack) -> None:
    table = json.loads(json.dumps(TABLE).replace('"id"', '"key"'))
    apply(stack, body(Store=TABLE))
    dangers = planned(stack, body(Store=table)).changes.dangers
    assert [each.name for each in dangers] == ["Store"]  # the engine says "conditionally", AWS "always"


def test_a_change_that_loses_something_is_asked_as_one(stack: Stack, endpoint: Endpoint) -> None:
    here, lock = Environment("dev", stack.name, "", {"Stage": "dev"}, ROOT, None), Lock(a_bucket(endpoint), "dev")
    lock.take("ana", "deploy", 1)
    asked: list[Question] = []

    def answer(question: Question) -> bool:
        asked.append(question)
        return not question.losses

    run = Run(here, Source(ROOT, "0" * 40, ""), {}, Record(1, "deploy", "ana"), lock, lambda _: None, answer)
    run.apply(stack, body(Store=TABLE), {})
    with pytest.raises(DeployDeclined):
        run.apply(stack, {"TemplateBody": body(Store=TABLE)["TemplateBody"].replace('"id"', '"key"')}, {})
    assert [(each.by_name, each.losses) for each in asked] == [(False, False), (True, True)]


def test_what_was_not_confirmed_leaves_nothing(stack: Stack) -> None:
    stack.forget(planned(stack, body(Pods=QUEUE)).arn)
    assert stack.settle(on) is None


def test_a_change_that_fails_says_why_and_the_stack_goes_back(stack: Stack) -> None:
    apply(stack, body(Pods=QUEUE))
    with pytest.raises(StackFailed, match=r"is UPDATE_ROLLBACK_COMPLETE: Wrong: "):
        apply(stack, body(Pods=QUEUE, Wrong=IMPOSSIBLE))
    assert apply(stack, body(Pods=QUEUE), Seconds="60") == "UPDATE_COMPLETE"


def test_a_template_that_cloudformation_refuses_is_a_plain_error(stack: Stack) -> None:
    with pytest.raises(StackFailed, match="CloudFormation refuses"):
        stack.plan({"TemplateBody": "{"}, {})


def test_a_first_deploy_that_failed_is_deleted_before_the_next(stack: Stack) -> None:
    said: list[str] = []
    with pytest.raises(StackFailed, match="ROLLBACK_COMPLETE"):
        apply(stack, body(Pods=QUEUE, Wrong=IMPOSSIBLE))
    stack.heal(said.append, on)
    assert "never worked" in said[0]
    assert apply(stack, body(Pods=QUEUE)) == "CREATE_COMPLETE"


def test_a_stopped_change_is_cancelled_and_the_stack_goes_back(stack: Stack, endpoint: Endpoint) -> None:
    cloudformation = engine_client("cloudformation", endpoint)
    apply(stack, body(Pods=QUEUE))
    signal = {"StackName": stack.name, "LogicalResourceId": "Slow", "UniqueId": "1", "Status": "SUCCESS"}
    later = threading.Timer(1, lambda: cloudformation.signal_resource(**signal))

    def stopped() -> None:
        later.start()
        raise DeployStopped("ben asked it to stop")

    after = {**QUEUE, "DependsOn": "Slow"}
    plan = planned(stack, body(Pods=QUEUE, Handle=HANDLE, Slow=SLOW, After=after))
    with pytest.raises(DeployStopped, match="the stack went back and is UPDATE_ROLLBACK_COMPLETE"):
        stack.execute(plan, stopped)
    later.join()
    assert stack.plan(body(Pods=QUEUE), {}) is None


def test_a_new_stack_takes_over_what_a_deleted_one_kept(stack: Stack, endpoint: Endpoint) -> None:
    dynamodb = engine_client("dynamodb", endpoint)
    whole = template(Pods=QUEUE, Store=TABLE)
    apply(stack, body(Pods=QUEUE, Store=TABLE))
    name = stack.tables()["Store"]
    dynamodb.put_item(TableName=name, Item={"id": {"S": "a wish"}})
    stack.delete(on)
    assert stack.status() is None

    slim, tables = adoptable(whole, dynamodb.list_tables()["TableNames"], stack.name)
    plan = stack.plan({"TemplateBody": json.dumps(slim)}, {}, tables)
    assert plan
    assert plan.changes.words()[0] == "takes over Store (DynamoDB::Table)"
    assert stack.execute(plan, on) == "IMPORT_COMPLETE"
    assert apply(stack, body(Pods=QUEUE, Store=TABLE)) == "UPDATE_COMPLETE"
    assert stack.tables() == {"Store": name}
    assert dynamodb.scan(TableName=name)["Count"] == 1


def test_tables_that_are_not_all_there_once_are_not_taken_over() -> None:
    whole = template(Store=TABLE, Seats=TABLE)
    with pytest.raises(DeployError, match="of Seats an earlier old left none"):
        adoptable(whole, ["old-Store-1"], "old")
    with pytest.raises(DeployError, match=r"of Store an earlier old left 2 \(old-Store-1, old-Store-2\)"):
        adoptable(whole, ["old-Store-1", "old-Store-2", "old-Seats-1"], "old")
