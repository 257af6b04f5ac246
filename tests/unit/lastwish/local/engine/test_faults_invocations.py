"""What faults do to invocations of functions, through MiniStack's own way of running one."""

from collections.abc import Callable
from typing import Any

import pytest

from lastwish.local.engine import faults_invocations, invocations
from lastwish.local.engine.fault import Fault
from lastwish.local.engine.faults import Faults
from lastwish.local.engine.faults_marks import Marks
from lastwish.local.engine.patch import ministack_module

type Invoke = Callable[[Fault | None], Any]

NAME = "lastwish-local-WorkerFunction"
CONFIG = {
    "FunctionName": NAME,
    "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{NAME}",
    "Runtime": "python3.13",
    "Timeout": 1,
    "Environment": {"Variables": {"POWERTOOLS_SERVICE_NAME": "worker"}},
}
FUNCTION = {"config": CONFIG, "code_zip": b""}
DONE = {"body": "done", "log": ""}


@pytest.fixture
def invoke(functions: Any) -> Invoke:
    """Invoke the worker once, with a fault or without."""
    functions._execute_function_warm = lambda func, event, request_id: DONE
    functions._functions[NAME] = FUNCTION
    faults = Faults(Marks(""))
    invocations.install()
    faults_invocations.install(faults)

    def run(fault: Fault | None) -> Any:
        running = faults.begin(fault) if fault else None
        result = functions._execute_function(FUNCTION, {"Records": []})
        if running:
            running.live(0)
        return result

    yield run
    del functions._functions[NAME]
    ministack_module("services.cloudwatch_logs").reset()


def total(metric: str) -> float:
    stored = ministack_module("services.cloudwatch")._metrics.get(("AWS/Lambda", metric, f"FunctionName={NAME}")) or []
    return sum(point["Value"] * point.get("Count", 1.0) for point in stored)


def logged() -> str:
    groups = ministack_module("services.cloudwatch_logs")._log_groups
    streams = groups[f"/aws/lambda/{NAME}"]["streams"].values()
    return "\n".join(event["message"] for stream in streams for event in stream["events"])


def test_without_a_fault_a_function_runs(invoke: Invoke) -> None:
    assert (invoke(None), total("Errors"), total("Throttles")) == (DONE, 0, 0)


def test_a_crash_is_an_error_of_the_function_with_lambdas_own_words(invoke: Invoke) -> None:
    result = invoke(Fault(kind="crash", caller="worker"))

    assert (result["error"], result["body"]["errorType"]) == (True, "Runtime.ImportModuleError")
    assert "[ERROR] Runtime.ImportModuleError" in logged()
    assert (total("Invocations"), total("Errors")) == (1, 1)


def test_a_throttled_function_is_not_run(invoke: Invoke) -> None:
    result = invoke(Fault(kind="throttle_function"))

    assert (result["throttle"], result["body"]["__type"]) == (True, "TooManyRequestsException")
    assert (total("Throttles"), total("Errors")) == (1, 0)


def test_a_slow_function_runs_late(invoke: Invoke) -> None:
    assert invoke(Fault(kind="slow", delay_ms=50)) == DONE
    assert total("Duration") >= 50


def test_a_function_that_is_too_slow_is_cut_off(invoke: Invoke) -> None:
    result = invoke(Fault(kind="slow", delay_ms=1000))

    assert (result["error"], result["body"]["errorType"]) == (True, "Sandbox.Timedout")
    assert "Task timed out after 1.00 seconds" in logged()


def test_a_function_goes_on_when_the_fault_that_slows_it_is_over(invoke: Invoke) -> None:
    assert invoke(Fault(kind="slow", delay_ms=1000, seconds=0.05)) == DONE


@pytest.mark.parametrize("fault", [Fault(kind="crash", caller="parser"), Fault(kind="crash", rate=1e-9)])
def test_other_invocations_are_not_hit(invoke: Invoke, fault: Fault) -> None:
    assert invoke(fault) == DONE
