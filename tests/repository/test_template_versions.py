"""Versions of functions and the alias that triggers call, in template.yaml as CloudFormation gets it.

The template is transformed as on AWS: by SAM CLI's copy of AWS::LanguageExtensions, then by SAM's own translator.
"""

import copy
import json
import re
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
from samtranslator.translator.transform import transform

from tests.support.template import OBSERVABILITY, load, resources

PSEUDO = {
    "AWS::AccountId": "123456789012", "AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::StackName": "lastwish",
    "AWS::URLSuffix": "amazonaws.com",
}  # fmt: skip
FUNCTIONS = resources("AWS::Serverless::Function")
PARAMETERS: dict[str, Any] = load()["Parameters"]
SHIFTED = {"FrontendFunction", "ParserFunction", "WorkerFunction", "ProjectorFunction"}
DEPLOYMENTS = set(PARAMETERS["Deployment"]["AllowedValues"]) - {"AllAtOnce"}
# They belong to a stack or to its bundles, and change with nothing else or with the code.
FIXED = {"Stage", "Architecture"}
# What may name a function itself: what makes it, what allows something, and stacks that get its name.
MAY_NAME_FUNCTIONS = (
    "AWS::Lambda::Function",
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
    "AWS::IAM::",
    "AWS::CloudFormation::Stack",
)


@cache
def transformed(**changed: str) -> dict[str, Any]:
    """Return the template's resources with these parameters, as CloudFormation gets them."""
    return transform_as_aws(load(), changed)


def transform_as_aws(template: dict[str, Any], changed: dict[str, str]) -> dict[str, Any]:
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    values = {name: each["Default"] for name, each in PARAMETERS.items()} | changed
    expanded = copy.deepcopy(expand_language_extensions(template, values | PSEUDO, enabled=True).expanded_template)
    expanded["Transform"] = "AWS::Serverless-2016-10-31"
    found: dict[str, Any] = transform(expanded, values, SimpleNamespace(load=dict))["Resources"]
    return found


def of_type(kind: str, **changed: str) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in transformed(**changed).items() if each["Type"] == kind}


def names_in(value: Any) -> set[str]:
    """Return the logical ids and parameters that a part of a template refers to."""
    found = re.findall(r'"Ref": "(\w+)"|"Fn::GetAtt": \["(\w+)"|\$\{(\w+)[.}]', json.dumps(value))
    return {name for groups in found for name in groups if name}


def version_of(function: str, **changed: str) -> str:
    """Return the logical id of a function's version: a new one is a new version."""
    [version] = (name for name in of_type("AWS::Lambda::Version", **changed) if name.startswith(f"{function}Version"))
    return version


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


# --- the alias --------------------------------------------------------------------------------------------------------
def test_every_function_has_an_alias_of_one_name() -> None:
    aliases = of_type("AWS::Lambda::Alias")
    assert {each["Properties"]["FunctionName"]["Ref"] for each in aliases.values()} == set(FUNCTIONS)
    assert {each["Properties"]["Name"] for each in aliases.values()} == {"live"}


def test_every_trigger_calls_the_alias() -> None:
    called = [
        *(each["Properties"]["FunctionName"] for each in of_type("AWS::Lambda::EventSourceMapping").values()),
        *(each["Properties"]["FunctionName"] for each in of_type("AWS::Lambda::Permission").values()),
    ]
    uris = re.findall(r"functions/\$\{(\w+)\}/invocations", json.dumps(of_type("AWS::ApiGateway::RestApi")))
    events = [event for each in FUNCTIONS.values() for event in each["Properties"]["Events"].values()]
    assert {each["Ref"] for each in called} | set(uris) == {f"{function}Aliaslive" for function in FUNCTIONS}
    assert len(uris) == len([event for event in events if event["Type"] == "Api"])
    assert {event["Type"] for event in events} == {
        "Api",
        "SQS",
        "DynamoDB",
    }  # another kind: look at what SAM makes of it


def test_nothing_calls_a_function_past_its_alias() -> None:
    others = {name: each for name, each in transformed().items() if not each["Type"].startswith(MAY_NAME_FUNCTIONS)}
    assert {name: names_in(each) & set(FUNCTIONS) for name, each in others.items()} == {name: set() for name in others}


# --- versions ---------------------------------------------------------------------------------------------------------
def read_by(function: str) -> set[str]:
    """Return the parameters that a function depends on, by its own properties or the global ones."""
    template = load()
    own = {
        name: each
        for name, each in FUNCTIONS[function]["Properties"].items()
        if name not in ("Events", "DeploymentPreference")
    }
    shared = template["Globals"]["Function"]
    text = json.dumps([own, shared])
    conditions = {name: each for name, each in template["Conditions"].items() if f'"Fn::If": ["{name}"' in text}
    return names_in([own, shared, conditions]) & set(PARAMETERS) - FIXED


READ = [(function, parameter) for function in FUNCTIONS for parameter in sorted(read_by(function))]
OTHER = {
    "ClosedDestinations": "mars", "DomainName": "wish.example.com", "FrontendConcurrency": "5", "HeldWords": "dog",
    "ParameterPath": "/a/",
    "LogLevel": "DEBUG", "PublicUrl": "https://wish.example.com/", "SnapStart": "PublishedVersions",
}  # fmt: skip


@pytest.mark.parametrize(("function", "parameter"), READ)
def test_a_parameter_that_a_function_reads_publishes_a_version_of_it(function: str, parameter: str) -> None:
    """Else the alias would stay with the version before, and `sam deploy` would change nothing that runs."""
    other = OTHER.get(parameter) or str(int(PARAMETERS[parameter]["Default"]) + 1)
    assert version_of(function, **{parameter: other}) != version_of(function)


def test_any_property_of_a_function_publishes_a_version_of_it() -> None:
    template = load()
    template["Resources"]["WorkerFunction"]["Properties"]["Timeout"] = 29
    versions = {name for name, each in transform_as_aws(template, {}).items() if each["Type"] == "AWS::Lambda::Version"}
    assert set(of_type("AWS::Lambda::Version")) - versions == {version_of("WorkerFunction")}


def test_the_parameters_that_functions_read_are_found() -> None:
    assert {("ParserFunction", "HeldWords"), ("WorkerFunction", "MarsSeats"), ("MissionFunction", "LogLevel")} <= set(
        READ
    )
    assert ("FrontendFunction", "DomainName") in READ  # by a condition
    assert ("FrontendFunction", "HeldWords") not in READ


def test_a_parameter_of_something_else_publishes_nothing() -> None:
    before, after = of_type("AWS::Lambda::Version"), of_type("AWS::Lambda::Version", ThrottleRate="7", AlarmEmail="a@b")
    assert before == after


def test_no_version_stays_that_the_alias_has_left() -> None:
    assert {each["DeletionPolicy"] for each in of_type("AWS::Lambda::Version").values()} == {"Delete"}


# --- snapshots --------------------------------------------------------------------------------------------------------
def test_functions_for_whose_answer_somebody_waits_start_from_a_snapshot_if_asked() -> None:
    waited_for = {
        name for name, each in FUNCTIONS.items() if "Api" in {e["Type"] for e in each["Properties"]["Events"].values()}
    }
    off, on = (of_type("AWS::Lambda::Function", SnapStart=value) for value in ("None", "PublishedVersions"))
    assert PARAMETERS["SnapStart"]["Default"] == "None"
    assert {str(each["Properties"].get("SnapStart", {"ApplyOn": "None"})["ApplyOn"]) for each in off.values()} == {
        "None"
    }
    assert {name for name, each in on.items() if each["Properties"].get("SnapStart")} == waited_for
    assert {on[name]["Properties"]["SnapStart"]["ApplyOn"] for name in waited_for} == {"PublishedVersions"}


# --- deployments ------------------------------------------------------------------------------------------------------
def test_without_a_deployment_there_is_nothing_of_codedeploy() -> None:
    """The local engine knows none of it."""
    assert PARAMETERS["Deployment"]["Default"] == "AllAtOnce"
    assert [name for name, each in transformed().items() if each["Type"].startswith("AWS::CodeDeploy")] == []
    assert not any("UpdatePolicy" in each for each in of_type("AWS::Lambda::Alias").values())


@pytest.mark.parametrize("deployment", sorted(DEPLOYMENTS))
def test_a_deployment_shifts_the_aliases_of_the_chain_and_comes_back_by_itself(deployment: str) -> None:
    groups = of_type("AWS::CodeDeploy::DeploymentGroup", Deployment=deployment)
    assert set(groups) == {f"{function}DeploymentGroup" for function in SHIFTED}
    for each in groups.values():
        properties = each["Properties"]
        assert properties["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": deployment}
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
        assert properties["ServiceRoleArn"] == {"Fn::GetAtt": ["DeploymentRole", "Arn"]}
    aliases = of_type("AWS::Lambda::Alias", Deployment=deployment)
    assert {name for name, each in aliases.items() if "UpdatePolicy" in each} == {
        f"{each}Aliaslive" for each in SHIFTED
    }


@pytest.mark.parametrize("function", sorted(SHIFTED))
def test_the_alarms_of_a_deployment_are_alarms_of_this_stack(function: str) -> None:
    """CodeDeploy takes ten at most, and asks CloudWatch for plain ones: it would not see a composite alarm."""
    group = of_type("AWS::CodeDeploy::DeploymentGroup", Deployment=min(DEPLOYMENTS))[f"{function}DeploymentGroup"]
    listed = {each["Name"] for each in group["Properties"]["AlarmConfiguration"]["Alarms"]}
    there = {
        each["Properties"]["AlarmName"]["Fn::Sub"].replace("${MainStack}", "lastwish"): each["Properties"]
        for each in resources("AWS::CloudWatch::Alarm", load(OBSERVABILITY)).values()
    }
    assert listed <= set(there)
    assert 0 < len(listed) <= 10
    # Each of them rings, or is over, within minutes.
    assert all(there[name]["Period"] * there[name]["EvaluationPeriods"] <= 300 for name in listed)


def test_the_role_of_deployments_moves_these_aliases_and_nothing_else() -> None:
    (policy,) = load()["Resources"]["DeploymentRole"]["Properties"]["Policies"]
    shift, alarms = policy["PolicyDocument"]["Statement"]
    names = [{"Fn::GetAtt": [function, "Arn"]} for function in SHIFTED]
    names += [{"Fn::Sub": f"${{{function}.Arn}}:live"} for function in SHIFTED]
    assert sorted(shift["Resource"], key=str) == sorted(names, key=str)
    assert (alarms["Action"], alarms["Resource"]) == ("cloudwatch:DescribeAlarms", "*")
