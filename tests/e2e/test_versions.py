"""Versions of functions and their alias `live` on the running stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lastwish.aws.clients import physical_ids
from lastwish.local.state import STACK
from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Stack


def test_queues_and_stream_call_the_alias(stack: Stack) -> None:
    mappings = stack.aws("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert len(mappings) == 3
    assert {each["FunctionArn"].rpartition(":")[2] for each in mappings} == {"live"}


@contextmanager
def from_a_snapshot(chain: DeployedChain, name: str) -> Iterator[dict[str, Any]]:
    """Let a function start from a snapshot for a while, in a version of its own. The engine runs its hooks."""
    functions = chain.functions
    before = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    functions.update_function_configuration(FunctionName=name, SnapStart={"ApplyOn": "PublishedVersions"})
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.get_waiter("published_version_active").wait(
        FunctionName=name, Qualifier=version, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    try:
        yield functions.get_function_configuration(FunctionName=name, Qualifier="live")
    finally:
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion=before)
        functions.update_function_configuration(FunctionName=name, SnapStart={"ApplyOn": "None"})


def test_a_function_that_starts_from_a_snapshot_takes_and_shows_wishes(stack: Stack, chain: DeployedChain) -> None:
    name = physical_ids(stack.aws("cloudformation"), STACK, "AWS::Lambda::Function")["FrontendFunction"]
    with from_a_snapshot(chain, name) as configuration:
        assert configuration["State"] == "Active"
        assert configuration["SnapStart"]["OptimizationStatus"] == "On"
        wish_id = chain.post("<b>from a snapshot</b>")
        chain.wait_until_stored(wish_id)
        assert chain.http.get(f"wishes/{wish_id}").json()["message"] == "<b>from a snapshot</b>"
