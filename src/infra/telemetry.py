"""Logs and metrics, by Powertools: one JSON format for all functions, metrics as embedded log lines (EMF).

Never log what a person typed: log ids, types and reasons.
"""

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

logger = Logger(use_rfc3339=True, log_record_order=_ORDER)
metrics = Metrics()


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
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "reason": str(error) if isinstance(error, LastWishError) else None,
        "stack": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
