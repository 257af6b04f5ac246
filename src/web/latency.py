"""Time from API Gateway's receipt of a request to its response, cold start included: what a person waits for."""

import time
from datetime import timedelta
from typing import Any

from infra.slos import CALL_WITHIN, PAGE_WITHIN
from infra.telemetry import count


def record_latency(event: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """Count a response as slow or not. Return the response.

    Health checks and static files do not count: nobody waits for the first, and the second are kept for a year.
    """
    started = (event.get("requestContext") or {}).get("requestTimeEpoch")
    if not isinstance(started, int) or event["path"].startswith(("/health", "/assets/")):
        return response
    elapsed = timedelta(milliseconds=time.time() * 1000 - started)
    media_type = str(response["multiValueHeaders"].get("Content-Type"))
    if "html" in media_type:
        count("SlowPage", int(elapsed > PAGE_WITHIN))
    elif "json" in media_type:
        count("SlowCall", int(elapsed > CALL_WITHIN))
    return response
