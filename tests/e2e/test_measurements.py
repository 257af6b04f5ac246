"""`reset --measurements` on a stack that runs here: what was measured is gone, what was promised is not."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Stack, wait_until


def boarded(stack: Stack) -> float:
    """Return how many wishes the worker has counted as boarded, by CloudWatch."""
    cloudwatch, now = stack.aws("cloudwatch"), datetime.now(UTC)
    times: dict[str, Any] = {"StartTime": now - timedelta(days=1), "EndTime": now + timedelta(minutes=1)}
    found = cloudwatch.get_metric_statistics(
        Namespace="LastWish/lastwish-local",
        MetricName="Boarded",
        Dimensions=[{"Name": "service", "Value": "worker"}],
        Period=86400,
        Statistics=["Sum"],
        **times,
    )
    return sum(point["Sum"] for point in found["Datapoints"])


def test_measurements_go_and_wishes_stay(stack: Stack, chain: DeployedChain) -> None:
    wish = chain.post("do not count me twice")
    chain.wait_until_stored(wish)
    chain.wait_until_idle()
    assert wait_until(lambda: boarded(stack) > 0)
    before = len(stack.stored())

    gone = json.loads(stack.run("reset", "--measurements", "--json").stdout)

    assert gone["running"]
    assert min(gone["points"], gone["log_lines"], gone["traces"]) > 0
    assert boarded(stack) == 0
    assert len(stack.stored()) == before
    assert stack.run("audit").returncode == 0
    another = chain.post("count me")
    chain.wait_until_stored(another)
    assert wait_until(lambda: boarded(stack) == 1)
