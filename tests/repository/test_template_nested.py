"""The nested stacks of template.yaml: what they get, and what only AWS would refuse."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lastwish.errors import TemplateError
from lastwish.local.template import nested
from tests.support import ROOT
from tests.support.template import EDGE, MEMORY, OBSERVABILITY, TEMPLATE, load, resources

NESTED = {"Observability": OBSERVABILITY, "Edge": EDGE, "LongMemory": MEMORY}
ROLES = {"LongMemory", "Observability"}  # they have roles, and each environment grants CAPABILITY_IAM
STACKS = resources("AWS::CloudFormation::Stack")
PASSED: dict[str, Any] = STACKS["Observability"]["Properties"]["Parameters"]
DECLARED: dict[str, Any] = load(OBSERVABILITY)["Parameters"]
SETTINGS = {
    *("MainStack", "Stage", "AlarmEmail", "SlackWorkspace", "SlackChannel"),
    *("RunbooksUrl", "TraceReservoir", "TraceRate"),
}
TEXT = OBSERVABILITY.read_text()

# The attribute that is a resource's name, where Ref gives something else. A metric's dimension wants the name.
NAME = {"AWS::SQS::Queue": "QueueName"}
# AWS's limits for one template that lies in S3.
MOST_PARAMETERS, MOST_RESOURCES, MOST_BYTES = 200, 500, 1_000_000


def references(value: Any) -> set[str]:
    """Return the logical ids that a part of a template refers to."""
    text = json.dumps(value)
    refs = re.findall(r'"Ref": "(\w+)"|"Fn::GetAtt": \["(\w+)"|\$\{(\w+)[.}]', text)
    return {name for found in refs for name in found if name}


@pytest.mark.parametrize("name", NESTED)
def test_the_main_stack_passes_exactly_the_parameters_that_a_nested_one_declares(name: str) -> None:
    declared = load(NESTED[name])["Parameters"]
    assert set(STACKS[name]["Properties"]["Parameters"]) == set(declared)
    assert {parameter["Type"] for parameter in declared.values()} <= {"String", "Number"}


@pytest.mark.parametrize("name", sorted(set(DECLARED) - SETTINGS))
def test_a_parameter_is_the_physical_name_of_what_has_its_name_in_the_main_template(name: str) -> None:
    attribute = NAME.get(load()["Resources"][name]["Type"])
    assert PASSED[name] == ({"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name})


def test_settings_are_passed_as_they_are() -> None:
    assert {name: PASSED[name] for name in SETTINGS} == {
        "MainStack": {"Ref": "AWS::StackName"},
        **{name: {"Ref": name} for name in SETTINGS - {"MainStack"}},
    }


def test_x_ray_records_as_many_wishes_as_the_parameters_say_and_fewer_of_what_polls() -> None:
    rules = [
        each["Properties"]["SamplingRule"]
        for each in resources("AWS::XRay::SamplingRule", load(OBSERVABILITY)).values()
    ]
    wishes, rest = sorted(rules, key=lambda rule: rule["Priority"])
    assert (wishes["HTTPMethod"], wishes["URLPath"], rest["URLPath"]) == ("POST", "*/wishes", "*")
    assert (wishes["ReservoirSize"], wishes["FixedRate"]) == ({"Ref": "TraceReservoir"}, {"Ref": "TraceRate"})
    defaults = [load()["Parameters"][name]["Default"] for name in ("TraceReservoir", "TraceRate")]
    assert [rest["ReservoirSize"], rest["FixedRate"]] < defaults == [10, 0.05]


@pytest.mark.parametrize("file", NESTED.values(), ids=NESTED)
def test_every_parameter_is_used(file: Path) -> None:
    document = load(file)
    assert set(document["Parameters"]) <= references([document["Resources"], document.get("Conditions")])


def test_the_nested_stacks_own_name_is_in_no_name() -> None:
    assert "AWS::StackName" not in TEXT


def test_both_stacks_agree_on_what_is_aws() -> None:
    assert load(OBSERVABILITY)["Conditions"]["OnAws"] == load()["Conditions"]["OnAws"]


def test_every_condition_is_used_in_its_own_template() -> None:
    for file in (TEMPLATE, *NESTED.values()):
        conditions = load(file).get("Conditions", {})
        used = {name for name in conditions if re.search(rf'"{name}"(?!:)', json.dumps(load(file)))}
        assert used == set(conditions)


def test_all_templates_are_within_the_limits_of_cloudformation() -> None:
    for file in (TEMPLATE, *NESTED.values()):
        assert file.stat().st_size < MOST_BYTES
        assert len(load(file)["Parameters"]) <= MOST_PARAMETERS
        assert len(load(file)["Resources"]) <= MOST_RESOURCES


@pytest.mark.parametrize("name", NESTED)
def test_a_nested_template_is_plain_cloudformation(name: str) -> None:
    """No macro, no name of a role: it asks for no capability that the main one does not have."""
    document = load(NESTED[name])
    assert "Transform" not in document
    kinds = {each["Type"] for each in document["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::Serverless")]
    assert {kind for kind in kinds if kind.startswith("AWS::IAM")} <= (
        {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"} if name in ROLES else set()
    )
    assert not [each for each in resources("AWS::IAM::Role", document).values() if "RoleName" in each["Properties"]]


def test_no_label_is_one_that_sam_would_rewrite() -> None:
    """SAM CLI makes `${X}` of `${!X}`, and CloudFormation then knows no X."""
    assert "${!" not in TEMPLATE.read_text() + TEXT + EDGE.read_text() + MEMORY.read_text()


def test_every_environment_grants_what_a_deployment_needs() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    granted = [each["deploy"]["parameters"]["capabilities"] for each in config.values() if isinstance(each, dict)]
    assert granted
    assert all(set(each.split()) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"} for each in granted)


def test_every_environment_uploads_to_a_bucket_as_a_nested_stack_must() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert all(each["deploy"]["parameters"]["resolve_s3"] for each in config.values() if isinstance(each, dict))


def test_nothing_in_the_main_stack_waits_for_a_nested_one() -> None:
    document = load()
    others = {name: each for name, each in document["Resources"].items() if name not in STACKS}
    assert not STACKS.keys() & references(others)
    assert not [each for each in others.values() if STACKS.keys() & {*each.get("DependsOn", [])}]
    # Where the audience goes, and what `lastwish query` asks.
    assert STACKS.keys() & references(document["Outputs"]) == {"Edge", "LongMemory"}


def test_the_nested_stacks_are_found_beside_the_main_template() -> None:
    assert nested(TEMPLATE) == NESTED


@pytest.mark.parametrize("properties", ["{}", "{TemplateURL: !Sub '${Bucket}/x.yaml'}"])
def test_a_nested_stack_without_a_file_is_a_plain_error(properties: str, tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(f"Resources: {{Inner: {{Type: 'AWS::CloudFormation::Stack', Properties: {properties}}}}}")
    with pytest.raises(TemplateError, match="nested stack Inner"):
        nested(template)
