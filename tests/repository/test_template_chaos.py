"""chaos.yaml: experiments that disturb a stack on AWS, only where they are asked for, and bounded."""

import tomllib
from typing import Any

import pytest

from tests.support import ROOT
from tests.support.conditions import Deployment
from tests.support.template import CHAOS, EDGE, OBSERVABILITY, TEMPLATE, load, resources

ON = {"Experiments": "true"}
EXPERIMENTS = {
    name: each["Properties"] for name, each in resources("AWS::FIS::ExperimentTemplate", load(CHAOS)).items()
}
each_experiment = pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)


def test_by_default_nobody_can_start_an_experiment() -> None:
    made = Deployment(load(CHAOS), {}).resources()
    assert made == {"Config", "ConfigPolicy", "ReadsFaults"}
    assert Deployment(load(CHAOS), ON).resources() == made | set(EXPERIMENTS) | {"ExperimentsRole"}


def test_sam_deploys_it_without_experiments() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert config["chaos"]["deploy"]["parameters"]["template_file"] == CHAOS.name
    assert "Experiments=false" in config["chaos"]["deploy"]["parameters"]["parameter_overrides"]


@pytest.mark.parametrize("file", [TEMPLATE, OBSERVABILITY, EDGE], ids=lambda file: file.name)
def test_nothing_of_the_service_knows_of_it(file: Any) -> None:
    text = file.read_text()
    assert not [word for word in ("chaos", "AWS_FIS", "AWS::FIS", "aws-fis") if word in text]


@each_experiment
def test_an_experiment_stops_when_the_audience_is_hurt(experiment: dict[str, Any]) -> None:
    [stop] = experiment["StopConditions"]
    name = stop["Value"]["Fn::Sub"].partition(":alarm:")[2]
    alarms = resources("AWS::CloudWatch::Alarm", load(OBSERVABILITY)).values()

    assert stop["Source"] == "aws:cloudwatch:alarm"
    assert name in [alarm["Properties"]["AlarmName"]["Fn::Sub"] for alarm in alarms]


@each_experiment
def test_an_experiment_hits_only_what_has_the_tag_of_this_stack(experiment: dict[str, Any]) -> None:
    [target] = experiment["Targets"].values()
    assert target["ResourceType"] == "aws:lambda:function"
    assert [tag["Fn::Sub"].startswith("${MainStack}-") for tag in target["ResourceTags"].values()] == [True]
    assert "ResourceArns" not in target
    assert experiment["ExperimentOptions"]["EmptyTargetResolutionMode"] == "fail"


@each_experiment
def test_an_experiment_ends_by_itself_and_hits_a_share(experiment: dict[str, Any]) -> None:
    [action] = experiment["Actions"].values()
    assert action["Parameters"]["duration"] == {"Ref": "Duration"}
    assert action["Parameters"]["invocationPercentage"] == {"Fn::Sub": "${Percentage}"}
    assert action["Targets"] == {"Functions": next(iter(experiment["Targets"]))}


def test_the_actions_are_those_of_functions() -> None:
    actions = [action["ActionId"] for each in EXPERIMENTS.values() for action in each["Actions"].values()]
    assert sorted(actions) == [
        "aws:lambda:invocation-add-delay",
        "aws:lambda:invocation-error",
        "aws:lambda:invocation-http-integration-response",
    ]


def test_no_wish_is_taken_whose_sender_hears_that_it_was_not() -> None:
    [action] = EXPERIMENTS["RefusingFrontend"]["Actions"].values()
    assert action["Parameters"]["preventExecution"] == "true"


def test_only_the_service_takes_the_role_and_only_for_this_account() -> None:
    role = load(CHAOS)["Resources"]["ExperimentsRole"]["Properties"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "fis.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    [policy] = role["Policies"]
    everything = [each["Action"] for each in policy["PolicyDocument"]["Statement"] if each["Resource"] == "*"]
    assert everything == ["tag:GetResources"]


def test_an_experiment_disturbs_no_configuration() -> None:
    """The extension is told by the bucket: the role needs no right to change a function."""
    [policy] = load(CHAOS)["Resources"]["ExperimentsRole"]["Properties"]["Policies"]
    actions = [each["Action"] for each in policy["PolicyDocument"]["Statement"]]
    flat = {each for some in actions for each in ([some] if isinstance(some, str) else some)}
    assert flat == {"s3:PutObject", "s3:DeleteObject", "lambda:GetFunction", "tag:GetResources"}
