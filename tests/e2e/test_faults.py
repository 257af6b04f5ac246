"""Faults in front of a real stack's engine: a wish survives them, and they can be seen, and they end."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lastwish.local import faults
from lastwish.local.faults import Fault
from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Stack, wait_until


@pytest.fixture
def chain(stack: Stack) -> Iterator[DeployedChain]:
    """The chain at rest; no fault stays."""
    chain = DeployedChain(stack)
    chain.wait_until_idle()
    yield chain
    faults.end(stack.endpoint)
    stack.run("retry")
    chain.wait_until_idle()
    chain.http.close()


def listed(stack: Stack) -> list[Any]:
    return list(json.loads(stack.run("faults", "--json").stdout)["faults"])


def metric(stack: Stack, namespace: str, name: str, of: str) -> float:
    """Sum of all values of a metric whose dimension has this text in it."""
    found = stack.aws("cloudwatch").list_metrics(Namespace=namespace, MetricName=name)["Metrics"]
    [dimensions] = [each["Dimensions"] for each in found if of in each["Dimensions"][0]["Value"]]
    points = stack.aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=dimensions,
        StartTime=0,
        EndTime="2100-01-01",
        Period=3600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in points["Datapoints"]))


def test_a_worker_killed_after_its_write_stores_the_wish_once(stack: Stack, chain: DeployedChain) -> None:
    fault = Fault(kind="kill_after", caller="worker", operation="PutItem", seconds=600, name="killed-worker")
    faults.inject(stack.endpoint, fault)
    wish = chain.post("I come twice")
    assert wait_until(lambda: listed(stack)[0]["hits"])
    assert "killed-worker: kill_after worker → *.PutItem, 1 hit, " in stack.run("faults").stdout
    assert stack.run("faults", "--end").stdout.startswith("1 ended\n")
    assert listed(stack) == []
    chain.wait_until_stored(wish)

    def delivered_again() -> bool:
        stack.run("retry")
        return chain.waiting("PodsUrl") == 0

    assert wait_until(delivered_again)
    assert len(chain.commits(wish)) == 1
    logged = json.loads(stack.run("logs", wish, "--json").stdout)["lines"]
    assert "wish was recorded before" in [line["message"] for line in logged]

    # the marks
    trace = json.loads(stack.run("trace", wish, "--json", "--timeout", "60").stdout)
    assert "fault: kill_after" in json.dumps(trace)
    around = json.loads(
        stack.run("logs", "--around", "now", "--window", "5m", "--grep", "fault injected", "--json").stdout
    )
    assert ("worker", "killed-worker") in [(line["service"], line["facts"]["name"]) for line in around["lines"]]
    assert metric(stack, "LastWish/Faults", "Injected", "killed-worker") == 1


def test_a_refused_stage_tells_the_person_to_try_again(stack: Stack, chain: DeployedChain) -> None:
    faults.inject(stack.endpoint, Fault(kind="refuse", error="throttle", caller="proxy"))
    answer = chain.http.post("wishes", json={"message": "Let me in", "destination": "mars"})
    assert answer.status_code == 429


def test_a_crashing_parser_takes_nothing_and_loses_nothing(stack: Stack, chain: DeployedChain) -> None:
    faults.inject(stack.endpoint, Fault(kind="crash", caller="parser"))
    wish = chain.post("The parser is gone")
    assert wait_until(lambda: metric(stack, "AWS/Lambda", "Errors", "Parser"))
    assert not chain.commits(wish)
    faults.end(stack.endpoint)
    stack.run("retry")
    chain.wait_until_stored(wish)
