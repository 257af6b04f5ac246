"""How long an answer took, as the person who waits for it counts: from API Gateway's door on, cold start and all."""

import time
from typing import Any

from infra.telemetry import count

SLOW_PAGE, SLOW_CALL = 1000, 500  # ms: what the SLOs of latency promise


def time_answer(event: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Count an answer as slow or not, and give it back.

    Nobody waits for liveness, and a page's files are kept for a year: neither counts.
    """
    began = (event.get("requestContext") or {}).get("requestTimeEpoch")
    if not isinstance(began, int) or event.get("path") == "/health":
        return answer
    took, media_type = time.time() * 1000 - began, str(answer["multiValueHeaders"].get("Content-Type"))
    if "html" in media_type:
        count("SlowPage", int(took > SLOW_PAGE))
    elif "json" in media_type:
        count("SlowCall", int(took > SLOW_CALL))
    return answer
