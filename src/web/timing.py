"""How long an answer took, as the person who waits for it counts: from API Gateway's door on, cold start and all."""

import time
from typing import Any

from infra.telemetry import count

_KINDS = {"html": "SlowPage", "json": "SlowCall"}
SLOWEST = {"SlowPage": 1000, "SlowCall": 500}  # ms: what the SLOs of latency promise


def time_answer(event: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Count an answer as slow or not, and give it back.

    Nobody waits for liveness, and a page's files are kept for a year: neither counts.
    """
    began = (event.get("requestContext") or {}).get("requestTimeEpoch")
    media_type = str(answer["multiValueHeaders"].get("Content-Type"))
    kind = next((kind for word, kind in _KINDS.items() if word in media_type), None)
    if kind and isinstance(began, int) and event.get("path") != "/health":
        count(kind, int(time.time() * 1000 - began > SLOWEST[kind]))
    return answer
