"""Alarms in Slack by AWS's own app: only where it is asked for, and with no right but to look."""

from typing import Any

import pytest

from tests.support.conditions import Deployment
from tests.support.template import OBSERVABILITY, load, resources

NESTED = load(OBSERVABILITY)
PARTS = {"AlarmsInSlack", "SlackRole", "SlackMayLook"}
ASKED = {"SlackWorkspace": "T0123ABCD", "SlackChannel": "C0123ABCD"}


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = NESTED["Resources"][name]["Properties"]
    return found


@pytest.mark.parametrize(
    ("parameters", "is_there"),
    [
        ({"Stage": "dev"}, False),
        ({"Stage": "prod"}, False),
        ({"Stage": "prod", **ASKED}, True),
        ({"Stage": "local", **ASKED}, False),
    ],
)
def test_alarms_come_into_slack_only_where_that_is_asked_for(parameters: dict[str, str], is_there: bool) -> None:
    main = Deployment(load(), parameters)
    passed = {name: main.parameters[name] for name in ("Stage", *ASKED)}
    there = Deployment(NESTED, {"AlarmEmail": "", **passed}).resources()
    assert PARTS & there == (PARTS if is_there else set())


def test_without_being_asked_there_is_no_channel_and_a_channel_needs_its_workspace() -> None:
    assert {load()["Parameters"][name]["Default"] for name in ASKED} == {""}
    assert "Assertions" in load()["Rules"]["SlackChannelHasWorkspace"]


def test_the_channel_gets_what_all_alarms_send() -> None:
    (channel,) = resources("AWS::Chatbot::SlackChannelConfiguration", NESTED).values()
    (topic,) = resources("AWS::SNS::Topic", NESTED)
    assert channel["Properties"]["SnsTopicArns"] == [{"Ref": topic}]
    assert channel["Properties"]["SlackChannelId"] == {"Ref": "SlackChannel"}


def test_who_is_in_the_channel_may_look_at_metrics_and_nothing_else() -> None:
    """Without a guardrail AWS takes AdministratorAccess as one (its reference of this resource type)."""
    assert properties("AlarmsInSlack")["GuardrailPolicies"] == [{"Ref": "SlackMayLook"}]
    assert properties("SlackRole")["ManagedPolicyArns"] == [{"Ref": "SlackMayLook"}]
    assert "Policies" not in properties("SlackRole")
    (statement,) = properties("SlackMayLook")["PolicyDocument"]["Statement"]
    verbs = {each.partition(":")[2].rstrip("*") for each in statement["Action"]}
    assert verbs <= {"Describe", "Get", "List"}
    assert {each.partition(":")[0] for each in statement["Action"]} == {"cloudwatch"}
