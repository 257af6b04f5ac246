"""What the wall and the manifest show, from the read model: constant cost per call, whatever the store holds."""

import html
from datetime import UTC, datetime
from typing import Any

from domain.events import Destination
from infra.read_model import ReadModel
from web import problems

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
    """What was shown behind a cursor, oldest first, what was withdrawn, and the cursor behind that. At most four reads.

    Wishes shown together stay together, so an answer may hold more than ``limit``; one entry at least. The cursor stays
    in front of what is not due yet, so a wish may come twice: the page drops what it has by wish id. A cursor of
    another generation begins anew, ``latest`` near the end. Nothing comes while the wall is blank. Raises Problem 422.
    """
    most = number(limit, "limit", 1, MOST_ENTRIES)
    generations = read_model.generations()
    generation = generations.current
    position = _near_the_end(read_model, generation, most) if after == "latest" else _position(after, generation)
    if generations.blank:
        return {"wishes": [], "withdrawn": [], "cursor": f"{generation}-{position}", "blank": True}
    entries = _entries(read_model, generation, position, most)
    rows = read_model.rows(generation, [place for entry in entries for place in entry["wishes"] + entry["withdrawn"]])
    now = datetime.now(UTC)
    due = [place for entry in entries for place in entry["wishes"] if _is_shown(rows.get(place), now)]
    gone = [place for entry in entries for place in entry["withdrawn"] if not _is_shown(rows.get(place))]
    for entry in entries:
        if any(_is_shown(rows.get(place)) and place not in due for place in entry["wishes"]):
            break
        position = entry["position"]
    return {
        "wishes": [as_shown(rows[place]) for place in dict.fromkeys(due)],
        "withdrawn": [place.rpartition("/")[2] for place in dict.fromkeys(gone)],
        "cursor": f"{generation}-{position}",
        "blank": False,
    }


def _entries(read_model: ReadModel, generation: int, position: int, most: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    size = 0
    for entry in read_model.feed(generation, position, most):
        size += len(entry["wishes"]) + len(entry["withdrawn"])
        if entries and size > MOST_ENTRIES:
            break
        entries.append(entry)
        if size >= most:
            break
    return entries


def _is_shown(row: dict[str, Any] | None, now: datetime | None = None) -> bool:
    return (
        row is not None
        and row["visibility"] == "shown"
        and (now is None or datetime.fromisoformat(row["shown_at"]) <= now)
    )


def as_shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it is read aloud: as it was typed."""
    return {
        "wish_id": row["sk"],
        "destination": row["destination"],
        "name": html.unescape(row["name"]) if row.get("name") else None,
        "message": html.unescape(row.get("message", "")),
        "shown_at": row.get("shown_at"),
    }


def _near_the_end(read_model: ReadModel, generation: int, most: int) -> int:
    """A position behind which there are as many entries as an answer holds, or as the feed has."""
    position, room = 0, most
    for entry in read_model.newest(generation, most):
        position = int(entry["position"])
        room -= len(entry["wishes"]) + len(entry["withdrawn"])
        if room < 0:
            return position
    return max(0, position - 1)


def _position(cursor: str, generation: int) -> int:
    if not cursor:
        return 0
    of, _, position = cursor.partition("-")
    is_cursor = all(part.isascii() and part.isdecimal() and len(part) <= 11 for part in (of, position))
    if not is_cursor:
        raise problems.invalid([{"field": "after", "code": "cursor", "detail": "This is not a cursor of ours."}])
    return int(position) if int(of) == generation else 0


def number(text: str, field: str, least: int, most: int) -> int:
    """A number in the query string. Raises Problem 422."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and least <= int(text) <= most):
        detail = f"This must be a number from {least} to {most}."
        raise problems.invalid([{"field": field, "code": "number", "detail": detail}])
    return int(text)
