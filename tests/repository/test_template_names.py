"""Names that the templates give: two stacks of one account share none, and none finds what is another's."""

import itertools
import re
import tomllib
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from mission.logs import Service
from tests.support import ROOT
from tests.support.template import EDGE, OBSERVABILITY, TEMPLATE, load, resources

# Names that stand inside something that has the stack's name, or are not this template's to give.
INSIDE = {"StageName", "MetricName", "DomainName", "AWS::Cognito::UserPoolGroup GroupName"}
STACKS = ("lastwish", "lastwish-prod", "lastwish-prod-wishes", "lastwish-troubled", "lastwish2", "wish")
OF_THE_ACCOUNT = "AWS::CloudFront::"  # one namespace for all regions
XRAY_LIMIT = 32


def names() -> Iterator[tuple[str, str, str]]:
    """Yield logical id, type and text of each name in the templates, with `${Stack}` for the main stack's."""
    for file in (TEMPLATE, OBSERVABILITY, EDGE):
        for logical_id, resource in load(file)["Resources"].items():
            for key, value in given(resource.get("Properties", {})):
                if not {key, f"{resource['Type']} {key}"} & INSIDE:
                    yield logical_id, resource["Type"], text_of(value)


def given(properties: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in properties.items():
        if key.endswith("Name"):
            yield key, value
        elif isinstance(value, dict):
            yield from given(value)


def text_of(value: Any) -> str:
    """Return a literal, a Ref or a Sub as a text with placeholders."""
    text = value if isinstance(value, str) else value.get("Fn::Sub", f"${{{value.get('Ref')}}}")
    return re.sub(r"\$\{(AWS::StackName|MainStack)\}", "${Stack}", text)


def rendered(stack: str, region: str = "us-east-1") -> set[tuple[str, str]]:
    """Return type and name of everything that a stack names."""
    values = {"Stack": stack, "AWS::Region": region, "Stage": "dev"}
    return {(kind, re.sub(r"\$\{(.+?)\}", lambda found: values[found[1]], name)) for _, kind, name in names()}


NAMES = sorted(names())


@pytest.mark.parametrize(("logical_id", "kind", "name"), NAMES, ids=lambda each: each)
def test_a_name_begins_with_the_whole_name_of_the_stack(logical_id: str, kind: str, name: str) -> None:
    assert re.fullmatch(r"\$\{Stack\}([/_-].+)?", name), (logical_id, kind)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(STACKS, 2)))
def test_two_stacks_share_no_name(one: str, other: str) -> None:
    assert rendered(one)
    assert not rendered(one) & rendered(other)


def test_two_regions_share_no_name_that_is_the_whole_accounts() -> None:
    here, there = ({each for each in rendered("lastwish", region) if each[0].startswith(OF_THE_ACCOUNT)}
                   for region in ("us-east-1", "eu-west-1"))  # fmt: skip
    assert here
    assert not here & there


@pytest.mark.parametrize(
    "kind", ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::Logs::QueryDefinition"]
)
@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(STACKS, 2)))
def test_the_prefix_of_a_stack_finds_nothing_of_another(kind: str, one: str, other: str) -> None:
    """Mission control asks for alarms by prefix; the console groups queries by it. No stack's name has a slash."""
    of = {stack: [name for each, name in rendered(stack) if each == kind] for stack in (one, other)}
    assert all(name.startswith(f"{one}/") for name in of[one])
    assert not [name for name in of[other] if name.startswith(f"{one}/")]


def test_only_alarms_of_the_stack_may_publish_to_its_topic() -> None:
    (policy,) = resources("AWS::SNS::TopicPolicy", load(OBSERVABILITY)).values()
    allowed = [each for each in policy["Properties"]["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    sources = [each["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"] for each in allowed]
    assert [each.rpartition(":alarm:")[2] for each in sources] == ["${MainStack}/*"]


def test_mission_control_reads_traces_of_the_api_and_of_each_function_whose_batches_have_their_own() -> None:
    functions = resources("AWS::Serverless::Function")
    consumers = [
        name
        for name, each in functions.items()
        if {"SQS", "DynamoDB"} & {event["Type"] for event in each["Properties"]["Events"].values()}
    ]
    variables = functions["MissionFunction"]["Properties"]["Environment"]["Variables"]
    of_agent = [
        functions[name]["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for name in consumers
    ]
    assert variables["TRACED_SERVICES"]["Fn::Join"] == [
        ",",
        [
            {"Fn::Sub": "${AWS::StackName}/${Stage}"},  # of API Gateway: its name and its stage
            *({"Fn::If": ["OnAws", {"Ref": each}, here]} for each, here in zip(consumers, of_agent, strict=True)),
        ],
    ]


def test_mission_control_reads_the_logs_of_each_function_but_its_own() -> None:
    functions = resources("AWS::Serverless::Function")
    groups = {
        each["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]: each["Properties"]["LoggingConfig"]
        for name, each in functions.items()
        if name != "MissionFunction"
    }
    variables = functions["MissionFunction"]["Properties"]["Environment"]["Variables"]
    named = dict(group.split("=") for group in variables["LOG_GROUPS"]["Fn::Sub"].split(","))
    assert named == {service: f"${{{logs['LogGroup']['Ref']}}}" for service, logs in groups.items()}
    assert set(named) == set(get_args(Service.__value__))


def test_the_stacks_of_samconfig_fit_into_the_names_of_x_ray() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    stacks = [each["global"]["parameters"]["stack_name"] for each in config.values() if isinstance(each, dict)]
    xray = [name for stack in stacks for kind, name in rendered(stack) if kind.startswith("AWS::XRay::")]
    assert xray
    assert max(map(len, xray)) <= XRAY_LIMIT
