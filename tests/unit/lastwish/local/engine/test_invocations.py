"""Metrics of invocations, recorded by MiniStack's real modules."""

from typing import Any

import pytest

from lastwish.local.engine import invocations
from lastwish.local.engine.patch import ministack_module


def stored(metric: str) -> dict[float, float]:
    """Return the values of a metric of the function, each with its count."""
    cloudwatch = ministack_module("services.cloudwatch")
    points = cloudwatch._metrics.get(("AWS/Lambda", metric, "FunctionName=worker")) or []
    return {point["Value"]: point["Count"] for point in points}


@pytest.mark.parametrize(("result", "errors"), [({"body": {}}, 0.0), ({"body": {}, "error": True}, 1.0)])
def test_every_invocation_is_measured(functions: Any, result: dict[str, Any], errors: float) -> None:
    functions._execute_function_dispatch = lambda func, config, event, request_id, started: result
    invocations.install()

    functions._execute_function_dispatch({}, {"FunctionName": "worker"}, {}, "id", 0.0)

    assert (stored("Invocations"), stored("Errors"), stored("Throttles")) == ({1.0: 1}, {errors: 1}, {0.0: 1})
    assert stored("Duration")


def test_an_invocation_by_the_api_of_lambda_does_not_count_twice(functions: Any) -> None:
    invocations.install()

    functions._emit_lambda_metrics("worker", 5.0, error=False, throttle=False)

    assert not stored("Invocations")


def test_equal_values_of_many_invocations_are_one_point() -> None:
    cloudwatch = ministack_module("services.cloudwatch")
    for _ in range(1000):
        invocations.record(cloudwatch, "worker", "Errors", 0.0, 100.5)
    invocations.record(cloudwatch, "worker", "Errors", 1.0, 101.5)

    assert stored("Errors") == {0.0: 1000, 1.0: 1}
    cloudwatch.reset()
