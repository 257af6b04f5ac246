"""What only AWS answers: nested change sets, and a rollback that failed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lastwish.shipping.deploying.cloudformation import Stack
from lastwish.shipping.deploying.errors import StackFailed

ROOT, NESTED = (
    "arn:aws:cloudformation:us-east-1:1:changeSet/main/1",
    "arn:aws:cloudformation:us-east-1:1:changeSet/nested/1",
)
NAME = {"StackName": "lastwish-prod"}


@pytest.fixture
def aws() -> Iterator[Stubber]:
    with Stubber(boto3.client("cloudformation", region_name="us-east-1")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def stack(aws: Stubber) -> Stack:
    return Stack(aws.client, "lastwish-prod", pause=0)


def is_now(aws: Stubber, status: str) -> None:
    found = {**NAME, "StackStatus": status, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}
    aws.add_response("describe_stacks", {"Stacks": [found]}, NAME)


def is_not_there(aws: Stubber) -> None:
    aws.add_client_error("describe_stacks", "ValidationError", "Stack with id lastwish-prod does not exist")


def events(aws: Stubber, *found: tuple[str, str, str]) -> None:
    """Events as AWS gives them, newest first: id, status, reason."""
    common = {
        "StackId": "s",
        "StackName": "s",
        "LogicalResourceId": "Pods",
        "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
    }
    some = [{**common, "EventId": i, "ResourceStatus": s, "ResourceStatusReason": r} for i, s, r in found]
    aws.add_response("describe_stack_events", {"StackEvents": some}, NAME)


def change(name: str, kind: str, **facts: Any) -> dict[str, Any]:
    return {"Type": "Resource", "ResourceChange": {"LogicalResourceId": name, "ResourceType": kind, **facts}}


def test_what_is_in_a_nested_stack_is_said_in_the_place_of_it(aws: Stubber, stack: Stack) -> None:
    is_not_there(aws)
    aws.add_response("create_change_set", {"Id": ROOT})
    nested = change("Observability", "AWS::CloudFormation::Stack", Action="Add", ChangeSetId=NESTED)
    made = {"Status": "CREATE_COMPLETE", "Changes": [change("Pods", "AWS::SQS::Queue", Action="Add"), nested]}
    aws.add_response("describe_change_set", made, {"ChangeSetName": ROOT})
    aws.add_response("describe_change_set", {**made, "NextToken": "more"}, {"ChangeSetName": ROOT})
    alarm = {"Changes": [change("Backlog", "AWS::CloudWatch::Alarm", Action="Add")]}
    aws.add_response("describe_change_set", alarm, {"ChangeSetName": NESTED})
    last = {"Changes": [change("Inbox", "AWS::SQS::Queue", Action="Add")]}
    aws.add_response("describe_change_set", last, {"ChangeSetName": ROOT, "NextToken": "more"})
    plan = stack.plan({"TemplateBody": "{}"}, {})
    assert plan
    assert [each.name for each in plan.changes.resources] == ["Pods", "Backlog", "Inbox"]
    assert "costs $0.10 a month more; `lastwish cost` says what use costs" in plan.changes.words()


def test_a_change_set_that_is_still_made_is_waited_for(aws: Stubber, stack: Stack) -> None:
    is_now(aws, "UPDATE_COMPLETE")
    aws.add_response("create_change_set", {"Id": ROOT})
    aws.add_response("describe_change_set", {"Status": "CREATE_IN_PROGRESS"})
    nothing = "The submitted information didn't contain changes. Submit different information to create a change set."
    aws.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": nothing})
    aws.add_response("delete_change_set", {})
    is_now(aws, "UPDATE_COMPLETE")
    assert stack.plan({"TemplateBody": "{}"}, {}) is None


def test_a_change_set_that_failed_says_why(aws: Stubber, stack: Stack) -> None:
    is_not_there(aws)
    aws.add_response("create_change_set", {"Id": ROOT})
    aws.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": "Transform failed"})
    aws.add_response("delete_change_set", {})
    is_now(aws, "REVIEW_IN_PROGRESS")
    aws.add_response("delete_stack", {}, NAME)  # a first one would leave an empty stack
    with pytest.raises(StackFailed, match="Transform failed"):
        stack.plan({"TemplateBody": "{}"}, {})


def test_a_rollback_that_failed_is_gone_on_with(aws: Stubber, stack: Stack) -> None:
    said: list[str] = []
    is_now(aws, "UPDATE_ROLLBACK_FAILED")
    events(aws, ("1", "UPDATE_FAILED", "of before"))
    aws.add_response("continue_update_rollback", {}, NAME)
    is_now(aws, "UPDATE_ROLLBACK_IN_PROGRESS")
    is_now(aws, "UPDATE_ROLLBACK_COMPLETE")
    stack.heal(said.append, lambda: None)
    assert said == ["lastwish-prod is UPDATE_ROLLBACK_FAILED: going on with its rollback"]


def test_a_rollback_that_fails_again_says_the_first_reason_since_then_and_the_next_step(
    aws: Stubber, stack: Stack
) -> None:
    is_now(aws, "UPDATE_ROLLBACK_FAILED")
    before = ("1", "UPDATE_FAILED", "of before")
    events(aws, before)
    aws.add_response("continue_update_rollback", {}, NAME)
    is_now(aws, "UPDATE_ROLLBACK_FAILED")
    events(aws, ("3", "UPDATE_FAILED", "the second"), ("2", "UPDATE_FAILED", "the queue is gone"), before)
    with pytest.raises(StackFailed, match=r"Pods: the queue is gone.*resources-to-skip"):
        stack.heal(lambda _: None, lambda: None)


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_stack_that_never_worked_is_deleted(aws: Stubber, stack: Stack, status: str) -> None:
    is_now(aws, status)
    events(aws)
    is_now(aws, status)
    aws.add_response("delete_stack", {}, NAME)
    is_now(aws, "DELETE_IN_PROGRESS")
    is_not_there(aws)
    stack.heal(lambda _: None, lambda: None)


def test_a_stack_that_cannot_be_deleted_says_why(aws: Stubber, stack: Stack) -> None:
    events(aws)
    is_now(aws, "UPDATE_COMPLETE")
    aws.add_response("delete_stack", {}, NAME)
    is_now(aws, "DELETE_FAILED")
    events(aws, ("1", "DELETE_FAILED", "the policy is attached"))
    with pytest.raises(StackFailed, match="DELETE_FAILED: Pods: the policy is attached"):
        stack.delete(lambda: None)


def test_a_creation_cannot_be_cancelled(aws: Stubber, stack: Stack) -> None:
    aws.add_client_error("cancel_update_stack", "ValidationError", "cannot be called from current stack status")
    is_now(aws, "CREATE_IN_PROGRESS")
    assert not stack.cancel()
