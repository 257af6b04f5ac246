"""How long an answer took, as the person who waits for it counts: from API Gateway's door on, cold start and all."""

import time
from datetime import timedelta
from typing import Any

from infra.slos import CALL_WITHIN, PAGE_WITHIN
from infra.telemetry import count


def time_answer(event: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Count an answer as slow or not, and give it back.

    Nobody waits for liveness, and a page's files are kept for a year: neither counts.
    """
    began = (event.get("requestContext") or {}).get("requestTimeEpoch")
    if not isinstance(began, int) or event.get("path") == "/health":
        return answer
    took = timedelta(milliseconds=time.time() * 1000 - began)
    media_type = str(answer["multiValueHeaders"].get("Content-Type"))
    if "html" in media_type:
        count("SlowPage", int(took > PAGE_WITHIN))
    elif "json" in media_type:
        count("SlowCall", int(took > CALL_WITHIN))
    return answer
