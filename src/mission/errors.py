"""Find where a slow or failed trace went wrong."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from domain.envelope import timestamp
from mission.waterfall import waterfall
from mission.xray import read_traces

type Row = dict[str, Any]


class Origins:
    """Where traces went wrong. Reads a trace again only after it has grown: X-Ray charges for each that is read."""

    def __init__(self, xray: Any) -> None:
        self._xray = xray
        self._known: dict[tuple[Any, ...], dict[str, Any] | None] = {}

    def find(self, summaries: Sequence[dict[str, Any]]) -> list[dict[str, Any] | None]:
        """Return each trace's ``origin``; None where X-Ray has no segment yet. Raises what botocore raises."""
        versions = [(each["Id"], each.get("Duration"), each.get("HasFault")) for each in summaries]
        read = read_traces(self._xray, [version[0] for version in versions if not self._known.get(version)])
        known, self._known = self._known, {}
        for version in versions:
            trace = waterfall(version[0], read[version[0]])
            self._known[version] = known.get(version) or (origin(trace["segments"]) if trace else None)
        return [self._known[version] for version in versions]


def origin(segments: list[Row]) -> dict[str, Any]:
    """Return ``hop``, ``error`` (a class), ``raised_at`` (a line of code) and ``at`` of the newest failure of a trace.

    Takes the segments of a waterfall. An error that passes through a segment is raised on as another one: the outermost
    counts, as ``StoreUnavailable`` for what DynamoDB answered. A trace that did not fail has no error, and the hop in
    which it stayed longest.
    """
    by_id = {row["id"]: row for row in segments}
    row = _failed(segments) or max(segments, key=lambda row: (row["hop"] not in (None, "API"), row["duration_ms"] or 0))
    while (parent := by_id.get(row["parent_id"])) and row["exceptions"] and parent["exceptions"]:
        row = parent
    around = row
    while around["hop"] is None and (parent := by_id.get(around["parent_id"])):
        around = parent
    raised = row["exceptions"][-1] if row["exceptions"] else {}
    at = timestamp(datetime.fromtimestamp(row["end"] or row["start"], UTC))
    return {"hop": around["hop"], "error": raised.get("type"), "raised_at": raised.get("raised_at"), "at": at}


def _failed(segments: list[Row]) -> Row | None:
    """Return the newest segment with an exception, else with a fault, else with an error."""
    for sign in ("exceptions", "fault", "error"):
        if failed := [row for row in segments if row[sign]]:
            return failed[-1]
    return None
