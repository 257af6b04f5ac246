"""`sam deploy`, the way to AWS: the same stack as `lastwish up` makes of the template, and the role of an account."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lastwish.aws.clients import Endpoint, describe_stack, engine_client
from lastwish.local import deploy, environment
from lastwish.local.state import ROOT, STACK, Home
from tests.support.engine_alone import engine_alone

PUBLIC_URL = "http://127.0.0.1:8045/"
BY_SAM = "by-sam"


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[tuple[Home, Endpoint]]:
    with engine_alone(tmp_path / "home") as alone:
        yield alone


@pytest.fixture
def home(alone: tuple[Home, Endpoint]) -> Home:
    return alone[0]


@pytest.fixture
def endpoint(alone: tuple[Home, Endpoint]) -> Endpoint:
    """An engine with nothing on it."""
    return alone[1]


def resources(endpoint: Endpoint, stack: str) -> dict[str, str]:
    """Types by logical id, nested stacks included. Those of versions lose the digest of where the code lies."""
    cloudformation = engine_client("cloudformation", endpoint)
    found: dict[str, str] = {}
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for each in page["StackResourceSummaries"]:
            found[re.sub(r"FunctionVersion\w+$", "FunctionVersion", each["LogicalResourceId"])] = each["ResourceType"]
            if each["ResourceType"] == "AWS::CloudFormation::Stack":
                found |= resources(endpoint, each["PhysicalResourceId"])
    return found


def functions(endpoint: Endpoint, stack: str) -> list[tuple[Any, ...]]:
    """What a person would compare of a stack's functions."""
    found = engine_client("lambda", endpoint).list_functions()["Functions"]
    return sorted(
        (
            each["Handler"],
            each["Runtime"],
            each["Timeout"],
            each["CodeSize"] > 0,
            *sorted(each["Environment"]["Variables"]),
        )
        for each in found
        if each["FunctionName"].startswith(stack)
    )


def sam_deploy(home: Home, endpoint: Endpoint, *options: str) -> None:
    sam = [
        str(Path(sys.executable).with_name("sam")),
        "deploy",
        "--config-file",
        str(ROOT / "samconfig.toml"),
        *options,
    ]
    env = environment.clean(home, endpoint.key) | {"AWS_ENDPOINT_URL": endpoint.url}
    done = subprocess.run([*sam, *options], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sam_deploy_and_up_make_the_same_stack(home: Home, endpoint: Endpoint) -> None:
    template = ("--template-file", str(ROOT / "template.yaml"))
    sam_deploy(home, endpoint, "--config-env", "local", "--stack-name", BY_SAM, *template)
    ours = deploy.deploy(endpoint, home, PUBLIC_URL)

    status, outputs = describe_stack(engine_client("cloudformation", endpoint), BY_SAM)
    assert status == "CREATE_COMPLETE"
    assert outputs.keys() == ours.outputs.keys()
    assert resources(endpoint, BY_SAM) == resources(endpoint, STACK)
    assert functions(endpoint, BY_SAM) == functions(endpoint, STACK) != []


def test_the_role_for_access_logs_outlives_the_stack_that_made_it(home: Home, endpoint: Endpoint) -> None:
    sam_deploy(home, endpoint, "--config-env", "account", "--no-confirm-changeset")
    role = engine_client("apigateway", endpoint).get_account()["cloudwatchRoleArn"]
    cloudformation = engine_client("cloudformation", endpoint)
    cloudformation.delete_stack(StackName="lastwish-account")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="lastwish-account", WaiterConfig={"Delay": 1})
    assert engine_client("apigateway", endpoint).get_account()["cloudwatchRoleArn"] == role
    assert engine_client("iam", endpoint).get_role(RoleName=role.rpartition("/")[2])["Role"]["Arn"] == role
