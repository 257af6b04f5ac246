"""Record AWS/Lambda metrics of every invocation. MiniStack does so for Invoke only, not behind an API or a queue."""

import time
from threading import Lock
from typing import Any

from lastwish.local.engine.patch import ministack_module, replace, require

INTERVAL = 2.0  # seconds; equal values within it are stored as one point with a count

_lock = Lock()


def install() -> None:
    """Correct `ministack.services.lambda_svc`. Raises EngineChanged."""
    functions, cloudwatch = ministack_module("services.lambda_svc"), ministack_module("services.cloudwatch")
    require(cloudwatch, "_metric_bucket", "_dims_key")
    replace(functions, "_execute_function_dispatch", _measured(functions, cloudwatch))
    replace(functions, "_emit_lambda_metrics", _throttles_only(functions._emit_lambda_metrics))


def _measured(functions: Any, cloudwatch: Any) -> Any:
    """Return MiniStack's dispatch with a measurement of each invocation."""
    execute = functions._execute_function_dispatch

    def dispatch(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        result = execute(func, config, event, request_id, started)
        failed = bool(result.get("error")) if isinstance(result, dict) else False
        took = float(f"{(time.time() - started) * 1000:.3g}")
        values = {"Invocations": 1.0, "Errors": float(failed), "Throttles": 0.0, "Duration": took}
        for metric, value in values.items():
            record(cloudwatch, config.get("FunctionName", "unknown"), metric, value, time.time())
        return result

    return dispatch


def _throttles_only(emit: Any) -> Any:
    """Return MiniStack's own function for throttled calls only: it would count all others a second time."""

    def emit_lambda_metrics(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        if throttle:
            emit(function_name, duration_ms, error, throttle)

    return emit_lambda_metrics


def record(  # noqa: PLR0917 - the last two have one value but for faults
    cloudwatch: Any,
    of: str,
    metric: str,
    value: float,
    now: float,
    namespace: str = "AWS/Lambda",
    dimension: str = "FunctionName",
) -> None:
    """Store one value, or count it into an equal one: the engine keeps every point for two weeks."""
    dimensions = {dimension: of}
    with _lock:
        bucket = cloudwatch._metric_bucket((namespace, metric, cloudwatch._dims_key(dimensions)))
        interval = now // INTERVAL * INTERVAL
        for point in reversed(bucket):
            if point["Timestamp"] < interval:
                break
            if point["Value"] == value:
                point["Count"] = point.get("Count", 1.0) + 1
                return
        unit = "Milliseconds" if metric == "Duration" else "Count"
        bucket.append({"Timestamp": now, "Value": value, "Count": 1.0, "Unit": unit, "Dimensions": dimensions})
