"""Let the batch of a table's stream fill as long as its mapping says: `MaximumBatchingWindowInSeconds`.

MiniStack invokes with whatever is there, on the thread that polls the queues too: each projection of a few wishes then
holds up all the others. A full batch does not wait.
"""

import time
from contextvars import ContextVar
from typing import Any

from lastwish.local.engine.patch import ministack_module, replace, require

_TABLE = ":table/"

# Seconds by table, on the thread of the poller while it polls: whoever else reads a stream does not wait.
_windows: ContextVar[dict[str, float] | None] = ContextVar("lastwish_windows", default=None)
_waits: dict[str, tuple[int, float]] = {}  # by table: where its next batch begins, and since when that one fills


def install() -> None:
    """Correct `ministack.services.lambda_svc` and `…dynamodb`. Raises EngineChanged."""
    functions, dynamodb = ministack_module("services.lambda_svc"), ministack_module("services.dynamodb")
    require(functions, "_iter_all_esms")
    poll, read = functions._poll_dynamodb_streams, dynamodb.stream_records_since

    def poll_streams() -> bool:
        token = _windows.set(dict(_window(mapping) for _, _, mapping in functions._iter_all_esms()))
        try:
            return bool(poll())
        finally:
            _windows.reset(token)

    def records_since(table_name: str, position: int, limit: int, *, account_id: Any = None, region: Any = None) -> Any:
        records = read(table_name, position, limit, account_id=account_id, region=region)
        seconds = (_windows.get() or {}).get(table_name, 0.0)
        return [] if 0 < len(records) < limit and _is_open(table_name, position, seconds) else records

    replace(functions, "_poll_dynamodb_streams", poll_streams)
    replace(dynamodb, "stream_records_since", records_since)


def _window(mapping: dict[str, Any]) -> tuple[str, float]:
    """Return a mapping's table, an empty name for one that reads no stream, and its window in seconds."""
    table = mapping.get("EventSourceArn", "").partition(_TABLE)[2].partition("/")[0]
    return table, float(mapping.get("MaximumBatchingWindowInSeconds") or 0)


def _is_open(table: str, position: int, seconds: float) -> bool:
    """Tell if the batch that begins at this position may still fill. The first question about it begins its window."""
    now = time.monotonic()
    if _waits.get(table, (-1, 0.0))[0] != position:
        _waits[table] = position, now
    return now - _waits[table][1] < seconds
