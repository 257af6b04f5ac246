"""Composite alarms of a template, as they are put on a laptop."""

from pathlib import Path
from typing import Any

import pytest

from lastwish.aws.clients import Endpoint
from lastwish.errors import TemplateError
from lastwish.local import composites

STACK = {
    "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/wishes-Observability/1",
    "StackName": "wishes-Observability",
    "Parameters": [{"ParameterKey": "MainStack", "ParameterValue": "wishes"}],
}
PHYSICAL = {"Topic": "arn:aws:sns:us-east-1:000000000000:t", "Long": "wishes/long"}
KNOWN = composites.references(STACK, PHYSICAL)


def resolve(**alarm: Any) -> dict[str, Any]:
    alarm = {"AlarmName": {"Fn::Sub": "${MainStack}/page"}} | alarm
    (found,) = composites.resolved({"Page": alarm}, KNOWN)
    return found


def test_references_are_those_of_the_deployed_stack() -> None:
    found = resolve(
        AlarmRule={"Fn::Sub": 'ALARM("${MainStack}/short") AND ALARM(${Long})'},
        AlarmActions=[{"Ref": "Topic"}],
        AlarmDescription={"Fn::Join": [" ", ["What", "is seen"]]},
        OKActions={"Fn::If": ["OnAws", ["x"], []]},
    )

    assert found == {
        "AlarmName": "wishes/page",
        "AlarmRule": 'ALARM("wishes/short") AND ALARM(wishes/long)',
        "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:t"],
        "AlarmDescription": "What is seen",
        "OKActions": [],
    }


def test_variables_of_a_substitution_and_what_is_none() -> None:
    rule = {"Fn::Sub": ["${Which} ${!Literally} ${AWS::AccountId} ${AWS::StackName}", {"Which": {"Ref": "Long"}}]}

    assert resolve(AlarmRule=rule)["AlarmRule"] == "wishes/long ${Literally} 000000000000 wishes-Observability"


def test_a_composite_may_name_another() -> None:
    alarms = {
        "All": {"AlarmName": "all", "AlarmRule": {"Fn::Sub": "ALARM(${One})"}},
        "One": {"AlarmName": {"Fn::Sub": "${MainStack}/one"}, "AlarmRule": "TRUE"},
    }

    assert composites.resolved(alarms, KNOWN)[0]["AlarmRule"] == "ALARM(wishes/one)"


@pytest.mark.parametrize(
    "rule", [{"Ref": "Nothing"}, {"Fn::Sub": "ALARM(${Nothing})"}, {"Fn::GetAtt": ["Long", "Arn"]}, {"Fn::Sub": 5}]
)
def test_what_a_laptop_does_not_have_is_a_plain_error(rule: dict[str, Any]) -> None:
    with pytest.raises(TemplateError):
        resolve(AlarmRule=rule)


NOWHERE = Endpoint("http://127.0.0.1:1", "LWKEY")


def test_a_template_without_any_asks_nobody(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {Topic: {Type: 'AWS::SNS::Topic'}}")

    assert composites.put(NOWHERE, "wishes", template) == []


def test_a_template_that_is_none_is_a_plain_error(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("- nothing")

    with pytest.raises(TemplateError, match="cannot read"):
        composites.put(NOWHERE, "wishes", template)
