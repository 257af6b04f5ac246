"""Logs and metrics, by Powertools: one JSON format for all functions, metrics as embedded log lines (EMF).

Never log what a person typed: log ids, types and reasons.
"""

import json
import traceback
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from domain.errors import LastWishError, QueueUnavailable, StoreUnavailable
from infra.aws import THROTTLED, error_code

_ORDER = ["correlation_id", "wish_id", "timestamp", "level", "service", "message", "location"]
# Codes of SQS and DynamoDB. After throttling it helps to wait, after refused credentials only a person can help.
_THROTTLED = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", THROTTLED}
_CREDENTIALS = {
    "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId",
    "InvalidClientTokenId", "InvalidSignatureException", "NoCredentialsError", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}  # fmt: skip

_CODE, _SDK = f"{Path(__file__).parents[1]}/", "/aws_xray_sdk/"  # whose frames are in every stack, and say nothing

# What Powertools tells of the invocation: only lines about trouble have it. It would make the others twice as long.
_INVOCATION = ("function_", "cold_start", "xray_trace_id", "location")


def _serialise(line: dict[str, Any]) -> str:
    told = {name: fact for name, fact in line.items() if line["level"] != "INFO" or not name.startswith(_INVOCATION)}
    return json.dumps(told, default=str, separators=(",", ":"))


logger = Logger(use_rfc3339=True, log_record_order=_ORDER, json_serializer=_serialise)
metrics = Metrics()
_outcomes: dict[tuple[Any, ...], list[str]] = {}  # wish ids by message and facts


def log_outcome(message: str, wish_id: str, **facts: str | int | None) -> None:
    """Log what became of a wish of a batch. Wishes with the same message and facts share a line, ``log_outcomes``."""
    _outcomes.setdefault((message, *facts.items()), []).append(wish_id)


def log_outcomes() -> None:
    """Write the lines of ``log_outcome``, with ``wish_ids``."""
    for (message, *facts), wish_ids in _outcomes.items():
        logger.info(message, extra={"wish_ids": wish_ids, **dict(facts)})
    _outcomes.clear()


def count(name: str, amount: int = 1) -> None:
    """Add to a counter of this invocation. The average of zeros and ones is a share: SLOs are measured so."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=amount)


def count_by(name: str, dimension: str, value: str) -> None:
    """Count one in total and one under a dimension. Use few values: each is a metric that costs."""
    count(name)
    with single_metric(name=name, unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension("service", logger.service)
        metric.add_dimension(dimension, value)


def measure(name: str, milliseconds: float) -> None:
    """Add to a distribution of this invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=round(milliseconds))


def count_failure(error: BaseException) -> None:
    """Count a failure of an adapter as exactly one of four kinds, each with its own alarm and runbook."""
    if not isinstance(error, StoreUnavailable | QueueUnavailable):
        return
    code = error.code or (error_code(error.__cause__) if isinstance(error.__cause__, Exception) else "")
    if code in _CREDENTIALS:
        count("CredentialsRefused")
    elif isinstance(error, QueueUnavailable):
        count("QueueRefused")
    elif code in _THROTTLED:
        count("StoreThrottled")
    else:
        count("StoreRefused")


def describe(error: BaseException) -> dict[str, Any]:
    """Return what may be logged of an error: its class, its stack, and its text only if it is one of ours.

    Another exception may quote a value that a person typed.
    """
    return {
        "error": type(error).__name__,
        "reason": str(error) if isinstance(error, LastWishError) else None,
        "stack": ["{path}:{line} in {label}".format_map(frame) for frame in frames(error)],
    }


def frames(error: BaseException, stack: Any = ()) -> list[dict[str, Any]]:
    """Return the stack in which an error was raised, the raising line last, in the form of X-Ray's segments.

    Paths are relative to the code, or to the libraries. ``stack``: what the X-Ray SDK found, which has the callers too.
    """
    found = [each for each in stack or traceback.extract_tb(error.__traceback__) if _SDK not in each.filename]
    paths = [each.filename.rpartition("/site-packages/")[2].removeprefix(_CODE) for each in found]
    return [{"path": path, "line": each.lineno, "label": each.name} for path, each in zip(paths, found, strict=True)]
