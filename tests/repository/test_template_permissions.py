"""What the roles of the functions must not say."""

from typing import Any

import pytest

from observability.permissions import Grant, granted
from tests.support.template import load, resources

ROLES = resources("AWS::IAM::Role")


def statements() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{name} {statement['Sid']}", statement)
        for name, role in ROLES.items()
        for policy in role["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


@pytest.mark.parametrize("grant", [each for each in granted() if each.resource == "*"], ids=str)
def test_an_action_on_everything_has_a_written_reason(grant: Grant) -> None:
    assert grant.why


@pytest.mark.parametrize(("name", "statement"), statements(), ids=[name for name, _ in statements()])
def test_a_condition_on_all_values_is_not_met_by_none(name: str, statement: dict[str, Any]) -> None:
    """ForAllValues is true where the key is missing (IAM User Guide, "Multivalued context keys")."""
    conditions = statement.get("Condition", {})
    keys = {key for operator, tests in conditions.items() if operator.startswith("ForAllValues:") for key in tests}
    assert {key: conditions.get("Null", {}).get(key) for key in keys} == dict.fromkeys(keys, "false"), name


def test_every_function_is_in_the_table() -> None:
    functions = {name.removesuffix("Function").lower() for name in resources("AWS::Serverless::Function")}
    assert {each.function for each in granted()} == functions


def test_a_reserved_variable_is_named_for_local_invocations_only() -> None:
    """cfn-lint's rule for them (E3663) is off: `sam local invoke` sets no variable that the template does not name."""
    variables = dict(load()["Globals"]["Function"]["Environment"]["Variables"])
    for each in resources("AWS::Serverless::Function").values():
        variables |= each["Properties"].get("Environment", {}).get("Variables", {})
    reserved = {name: value for name, value in variables.items() if name.startswith(("AWS_", "LAMBDA_", "_"))}
    assert reserved.keys() == {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert all(value == {"Ref": "AWS::NoValue"} for value in reserved.values())
