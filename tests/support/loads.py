"""Finished loads, made up."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lastwish.load.plan import EXPECTED, Plan, PlanOptions
from lastwish.load.results import FinishedLoad, Outcome, QueueSample, WishResult

STARTED = datetime(2045, 11, 22, 9, 30, tzinfo=UTC)
AUDIT: dict[str, Any] = {
    "ok": True,
    "accepted": 0,
    "stored": 0,
    "in_flight": 0,
    "dead_lettered": 0,
    "parked": 0,
    "imported": 0,
    "unpromised": 0,
    "unknown_ends": 0,
    "dead_letters": 0,
    "differences": [],
}


def result(n: int = 0, *, at: float = 0.0, took: float = 0.02, **changes: Any) -> WishResult:
    """Return one answered wish. Its id is made from ``n``."""
    line = {"n": n, "kind": "ordinary", "at": at, "sent": at, "done": at + took, "status": 202}
    if changes.get("status", 202) == 202:
        line["wish_id"] = str(UUID(int=n))
    line["key"] = f"key of {changes.get('wish_id') or line.get('wish_id') or n}"
    return WishResult.from_line({**line, **changes})


def finished_load(options: PlanOptions | None = None, **changes: Any) -> FinishedLoad:
    """Return a plan of which all is answered as it should be, boarded a second later and audited."""
    plan = Plan(options or PlanOptions(wishes=40, over=10.0, duplicates=0.1, hostile=0.1, oversized=0.1, malformed=0.1))
    results = [
        result(
            request.number,
            at=request.at,
            kind=request.kind,
            status=min(EXPECTED[request.kind]),
            wish_id=request.key if EXPECTED[request.kind] == {202} else None,
        )
        for request in plan.requests
    ]
    promised = len({each.wish_id for each in results if each.wish_id})
    values: dict[str, Any] = {
        "options": plan.options,
        "digest": plan.digest(),
        "command": "lastwish load",
        "target": "local stack",
        "started": STARTED,
        "results": results,
        "outcomes": {
            each.n: Outcome("boarded", 1000.0) for each in results if each.wish_id and each.kind != "duplicate"
        },
        "samples": [
            QueueSample(2.0, {"Inbox": 3, "Pods": 1}, {"Inbox": 0.5}),
            QueueSample(4.0, {"Inbox": 0, "Pods": 2}),
        ],
        "cpu": {"sender": 1.0, "cli": 0.5, "engine": 8.0, "proxy": 0.5},
        "cores": 2,
        "audit": {**AUDIT, "accepted": promised, "stored": promised},
    }
    return FinishedLoad(**{**values, **changes})
