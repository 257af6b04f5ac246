"""What the wall and the manifest show, from the read model: constant cost per call, whatever the store holds."""

import html
from typing import Any

from domain.events import Destination
from frontend import problems
from infra.read_model import ReadModel

MOST_ENTRIES = 100


def manifest(read_model: ReadModel, capacity: dict[Destination, int]) -> dict[str, Any]:
    """Totals per destination and the seats that are left. Two reads."""
    generation = read_model.generations().current
    totals = read_model.totals(generation)

    def ship(destination: Destination) -> dict[str, int]:
        counted = {name: totals.get(f"{destination}_{name}", 0) for name in ("boarded", "waitlisted", "rejected")}
        return {**counted, "seats_left": max(0, capacity[destination] - counted["boarded"])}

    return {"destinations": {each: ship(each) for each in capacity}, "generation": generation}


def feed(read_model: ReadModel, after: str, limit: str) -> dict[str, Any]:
    """What was shown behind a cursor, oldest first, and the cursor behind that. At most three reads.

    Wishes shown together stay together, so an answer may hold more than ``limit``; one entry at least. A cursor of
    another generation begins anew: the page drops what it has by wish id. Raises Problem 422.
    """
    most = _number(limit, "limit", 1, MOST_ENTRIES)
    generation = read_model.generations().current
    position = _position(after, generation)
    entries: list[dict[str, Any]] = []
    for entry in read_model.feed(generation, position, most):
        if entries and sum(len(each["wishes"]) for each in [*entries, entry]) > MOST_ENTRIES:
            break
        entries.append(entry)
        if sum(len(each["wishes"]) for each in entries) >= most:
            break
    places = [place for entry in entries for place in entry["wishes"]]
    rows = read_model.rows(generation, places)
    shown = [_shown(rows[place]) for place in places if place in rows and rows[place]["visibility"] == "shown"]
    return {"wishes": shown, "cursor": f"{generation}-{entries[-1]['position'] if entries else position}"}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "wish_id": row["sk"],
        "destination": row["destination"],
        "name": html.unescape(row["name"]) if row.get("name") else None,
        "message": html.unescape(row["message"]),
        "shown_at": row["shown_at"],
    }


def _position(cursor: str, generation: int) -> int:
    if not cursor:
        return 0
    of, _, position = cursor.partition("-")
    is_cursor = all(part.isascii() and part.isdecimal() and len(part) <= 11 for part in (of, position))
    if not is_cursor:
        raise problems.invalid([{"field": "after", "detail": "This is not a cursor of ours."}])
    return int(position) if int(of) == generation else 0


def _number(text: str, field: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and least <= int(text) <= most):
        raise problems.invalid([{"field": field, "detail": f"This must be a number from {least} to {most}."}])
    return int(text)
