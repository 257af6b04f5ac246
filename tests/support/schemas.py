"""Schemas of all event types that ever shipped, in `tests/golden/schemas.lock`.

`python -m tests.support.schemas` adds the new types. It never changes an existing one: events that are stored keep
their form for good.
"""

import json
from typing import Any

from domain.events import EVENT_TYPES, Event
from tests.support import ROOT

_LOCK = ROOT / "tests" / "golden" / "schemas.lock"


def of(event: type[Event]) -> dict[str, Any]:
    """Return the schema of an event type, without titles and descriptions."""

    def bare(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: bare(value) for name, value in part.items() if name not in ("description", "title")}
        return [bare(value) for value in part] if isinstance(part, list) else part

    schema: dict[str, Any] = bare(event.model_json_schema())
    return schema


def shipped() -> dict[str, Any]:
    """Return the locked schemas by type name."""
    found: dict[str, Any] = json.loads(_LOCK.read_text())
    return found


if __name__ == "__main__":
    locked = shipped() if _LOCK.exists() else {}
    schemas = {event.type: of(event) for event in EVENT_TYPES} | locked
    _LOCK.write_text(json.dumps(schemas, indent=1, sort_keys=True) + "\n")
