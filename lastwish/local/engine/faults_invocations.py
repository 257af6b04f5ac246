"""Disturb invocations of functions: crash at the start, start late, be throttled. No AWS call shows these."""

import time
from typing import Any

from lastwish.local.engine.faults import Faults
from lastwish.local.engine.patch import ministack_module, replace

# As Lambda logs and answers a release whose code cannot be imported.
_IMPORT = "Unable to import module 'handler': No module named 'left_out_by_a_fault'"
_CRASHED = {
    "body": {"errorMessage": _IMPORT, "errorType": "Runtime.ImportModuleError"},
    "error": True,
    "log": f"[ERROR] Runtime.ImportModuleError: {_IMPORT}\nTraceback (most recent call last):",
}


def install(faults: Faults) -> None:
    """Let faults hit what `ministack.services.lambda_svc` runs. Raises EngineChanged."""
    functions = ministack_module("services.lambda_svc")
    run, acquire = functions._execute_function_warm, functions._acquire_execution_slot

    def execute_function_warm(func: Any, event: Any, request_id: str) -> Any:
        config = func.get("config") or func
        if faults.invocation("crash", config["FunctionName"], event):
            return _CRASHED
        if slow := faults.invocation("slow", config["FunctionName"], event):
            timeout, delay = int(config.get("Timeout") or 3), slow.fault.delay_ms / 1000
            for seconds in slow.waits(min(delay, timeout)):
                time.sleep(seconds)
            if delay >= timeout and slow.seconds_left:
                return _timed_out(timeout)
        return run(func, event, request_id)

    def acquire_execution_slot(func: Any, config: Any) -> Any:
        if faults.invocation("throttle_function", config["FunctionName"], None):
            return None, "function"  # MiniStack's answer at reserved concurrency 0, and its metrics
        return acquire(func, config)

    replace(functions, "_execute_function_warm", execute_function_warm)
    replace(functions, "_acquire_execution_slot", acquire_execution_slot)


def _timed_out(timeout: int) -> dict[str, Any]:
    words = f"Task timed out after {timeout}.00 seconds"
    return {"body": {"errorMessage": words, "errorType": "Sandbox.Timedout"}, "error": True, "log": words}
