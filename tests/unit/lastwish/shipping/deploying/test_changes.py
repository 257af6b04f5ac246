"""What a change set says, in words that a person can decide on."""

from typing import Any

import pytest

from lastwish.shipping.deploying.changes import Change, Changes, read


def modified(name: str, kind: str, replacement: str, *details: dict[str, Any]) -> dict[str, Any]:
    """A ResourceChange as DescribeChangeSet gives it."""
    change = {"Action": "Modify", "LogicalResourceId": name, "ResourceType": f"AWS::{kind}"}
    return change | {"Replacement": replacement, "Details": list(details)}


def because_of(entity: str, recreation: str = "Conditionally") -> dict[str, Any]:
    """A detail of a property that refers to something which changes."""
    target = {"Attribute": "Properties", "Name": "Some", "RequiresRecreation": recreation}
    return {"Target": target, "Evaluation": "Dynamic", "ChangeSource": "ResourceAttribute", "CausingEntity": entity}


DIRECT = {
    "Target": {"Attribute": "Properties", "Name": "Some", "RequiresRecreation": "Conditionally"},
    "Evaluation": "Static",
    "ChangeSource": "DirectModification",
}


def actions(*found: dict[str, Any]) -> dict[str, str]:
    return {each.name: each.action for each in read(list(found))}


def test_what_refers_to_a_resource_that_stays_stays() -> None:
    code = modified("Worker", "Lambda::Function", "False")
    api = modified("Api", "ApiGateway::RestApi", "Conditional", because_of("Worker.Arn"))
    stage = modified("Stage", "ApiGateway::Stage", "Conditional", because_of("Api"))
    assert actions(code, api, stage) == {"Worker": "change", "Api": "follow", "Stage": "follow"}


def test_what_refers_to_a_replaced_resource_may_be_replaced_and_so_on() -> None:
    replaced = modified("Worker", "Lambda::Function", "True", because_of("Name", "Always"))
    api = modified("Api", "ApiGateway::RestApi", "Conditional", because_of("Worker.Arn"))
    stage = modified("Stage", "ApiGateway::Stage", "Conditional", because_of("Api"))
    assert actions(stage, api, replaced) == {"Stage": "may replace", "Api": "may replace", "Worker": "replace"}


@pytest.mark.parametrize("detail", [DIRECT, because_of("Edge.Outputs.Url")])
def test_a_doubt_that_cannot_be_resolved_is_said(detail: dict[str, Any]) -> None:
    assert actions(modified("Pods", "SQS::Queue", "Conditional", detail)) == {"Pods": "may replace"}


def test_a_kept_resource_that_leaves_the_stack_is_not_lost() -> None:
    gone = {"Action": "Remove", "LogicalResourceId": "Seats", "ResourceType": "AWS::DynamoDB::Table"}
    (deleted,), (left,) = read([gone]), read([gone | {"PolicyAction": "Retain"}])
    assert (deleted.action, deleted.dangerous) == ("delete", True)
    assert (left.action, left.dangerous) == ("leave", False)


@pytest.mark.parametrize("action", ["delete", "replace", "may replace"])
def test_a_table_that_goes_is_a_danger_and_said_first(action: str) -> None:
    changes = Changes([Change("add", "New", "SQS::Queue"), Change(action, "EventStore", "DynamoDB::Table")])
    assert changes.dangers
    assert changes.words()[0] == "DANGER: what is in EventStore (DynamoDB::Table) would be lost"


def test_a_permission_that_is_replaced_is_said_but_no_danger() -> None:
    changes = Changes([Change("replace", "MayCall", "Lambda::Permission")])
    assert not changes.dangers
    assert "REPLACES MayCall (Lambda::Permission)" in changes.words()


def test_many_of_a_kind_are_counted() -> None:
    changes = Changes([Change("add", f"Alarm{n}", "CloudWatch::Alarm") for n in range(10)])
    assert "adds 10 x CloudWatch::Alarm" in changes.words()


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("add", "costs $1.20 a month more"),
        ("delete", "costs $1.20 a month less"),
        ("change", "costs as much a month as before"),
    ],
)
def test_what_is_paid_by_the_month_is_added_up(action: str, words: str) -> None:
    alarms = [Change(action, f"Alarm{n}", "CloudWatch::Alarm") for n in range(7)]
    changes = Changes([*alarms, Change(action, "Any", "CloudWatch::CompositeAlarm")])
    assert any(line.startswith(words) for line in changes.words())


def test_an_unknown_price_is_called_unknown() -> None:
    changes = Changes(
        [Change("add", "Acl", "WAFv2::WebACL"), Change("add", "Q", "SQS::Queue")], [("WarmWrites", "0", "9")]
    )
    assert changes.words()[-1] == "what these cost is not known here: WAFv2::WebACL, WarmWrites"


def test_parameters_are_said_with_both_values() -> None:
    assert "sets Cdn to 'true', which was 'false'" in Changes([], [("Cdn", "false", "true")]).words()
