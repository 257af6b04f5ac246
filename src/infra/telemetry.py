"""Logs and metrics, as Powertools makes them: one JSON shape for all functions, metrics as embedded log lines (EMF).

What a person typed is never logged: log ids, types and reasons.
"""

import traceback
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from domain.errors import LastWishError

logger = Logger(use_rfc3339=True)
metrics = Metrics()


def count(name: str, amount: int = 1) -> None:
    """Add to a counter of this invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=amount)


def describe(error: BaseException) -> dict[str, Any]:
    """What may be logged of an error: its class, its stack, and its text only if it is one of ours.

    Somebody else's exception may quote the value it stumbled over, and that value may be what a person typed.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "reason": str(error) if isinstance(error, LastWishError) else None,
        "stack": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
