"""How long an answer took, as the person who waits for it counts: from API Gateway's door on, cold start and all."""

import time
from typing import Any

from infra.telemetry import count

SLOWEST = {"SlowPage": 1000, "SlowCall": 500}  # ms: what the SLOs of latency promise


def time_answer(event: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Count an answer as slow or not, and give it back. Liveness is nobody's wait."""
    began = (event.get("requestContext") or {}).get("requestTimeEpoch")
    if isinstance(began, int) and event.get("path") != "/health":
        kind = "SlowCall" if "json" in str(answer["multiValueHeaders"].get("Content-Type")) else "SlowPage"
        count(kind, int(time.time() * 1000 - began > SLOWEST[kind]))
    return answer
