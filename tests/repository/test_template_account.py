"""account.yaml: the role that every API of an account and region writes its access log with."""

import tomllib

from tests.support import ROOT
from tests.support.template import ACCOUNT, load, resources

ACCOUNT_TYPE = "AWS::ApiGateway::Account"


def test_the_account_has_the_role_that_api_gateway_logs_with() -> None:
    (account,) = resources(ACCOUNT_TYPE, load(ACCOUNT)).values()
    assert account["Properties"]["CloudWatchRoleArn"] == {"Fn::GetAtt": ["ApiGatewayLogsRole", "Arn"]}
    role = load(ACCOUNT)["Resources"]["ApiGatewayLogsRole"]["Properties"]
    (policy,) = role["ManagedPolicyArns"]
    assert policy["Fn::Sub"].endswith(":policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}


def test_all_of_it_stays_when_its_stack_is_deleted_or_replaced() -> None:
    for resource in load(ACCOUNT)["Resources"].values():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_a_stack_of_the_service_owns_nothing_of_the_account() -> None:
    """A stack that is deleted would take the role from every other API of the region."""
    assert not resources(ACCOUNT_TYPE)
    assert not [name for name in load()["Parameters"] if "Account" in name]


def test_nothing_in_it_has_a_name_that_a_second_stack_would_meet() -> None:
    assert not [each for each in load(ACCOUNT)["Resources"].values() if "RoleName" in each["Properties"]]


def test_sam_deploys_it_under_a_name_of_its_own() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert config["account"]["deploy"]["parameters"]["template_file"] == ACCOUNT.name
    names = [each["global"]["parameters"]["stack_name"] for each in config.values() if isinstance(each, dict)]
    assert len(names) == len(set(names))
