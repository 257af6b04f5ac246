"""AWS/Lambda metrics of every invocation: MiniStack has them for calls of Invoke only, not behind an API or a queue."""

import time
from threading import Lock
from typing import Any

from lastwish.local.engine.correcting import needs, part, replace

MOMENT = 2.0  # seconds that count as one: equal values in it are one stored point with a count

_lock = Lock()


def install() -> None:
    """Correct `ministack.services.lambda_svc`. Raises EngineChanged."""
    functions, cloudwatch = part("services.lambda_svc"), part("services.cloudwatch")
    needs(cloudwatch, "_metric_bucket", "_dims_key")
    replace(functions, "_execute_function_dispatch", _measuring(functions, cloudwatch))
    replace(functions, "_emit_lambda_metrics", _throttles_only(functions._emit_lambda_metrics))


def _measuring(functions: Any, cloudwatch: Any) -> Any:
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
    """What MiniStack records where nothing was executed; all else would count twice."""

    def emit_lambda_metrics(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        if throttle:
            emit(function_name, duration_ms, error, throttle)

    return emit_lambda_metrics


def record(cloudwatch: Any, function: str, metric: str, value: float, now: float) -> None:
    """Store one value; a crowd's invocations must not become a point each, since the engine keeps all for two weeks."""
    dimensions = {"FunctionName": function}
    with _lock:
        bucket = cloudwatch._metric_bucket(("AWS/Lambda", metric, cloudwatch._dims_key(dimensions)))
        moment = now // MOMENT * MOMENT
        for point in reversed(bucket):
            if point["Timestamp"] < moment:
                break
            if point["Value"] == value:
                point["Count"] = point.get("Count", 1.0) + 1
                return
        unit = "Milliseconds" if metric == "Duration" else "Count"
        bucket.append({"Timestamp": now, "Value": value, "Count": 1.0, "Unit": unit, "Dimensions": dimensions})
