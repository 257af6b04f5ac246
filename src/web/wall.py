"""What the wall and the manifest show, from the read model: constant cost per call, whatever the store holds."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from domain.envelope import timestamp
from domain.events import Destination
from infra.read_model import ReadModel
from web import problems

MOST_ENTRIES = 100
MOST_NEWS = 20


def manifest(read_model: ReadModel, capacity: dict[Destination, int]) -> dict[str, Any]:
    """Totals per destination and the seats that are left. Two reads."""
    generation = read_model.generations().current
    totals = read_model.totals(generation)

    def ship(destination: Destination) -> dict[str, int]:
        counted = {name: totals.get(f"{destination}_{name}", 0) for name in ("boarded", "waitlisted", "rejected")}
        return {**counted, "seats_left": max(0, capacity[destination] - counted["boarded"])}

    return {"destinations": {each: ship(each) for each in capacity}, "generation": generation}


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far somebody has read: the feed, and the news of what operators decided."""

    generation: int
    position: int = 0
    news: int = 0

    def __str__(self) -> str:
        return f"{self.generation}-{self.position}-{self.news}"


def feed(read_model: ReadModel, after: str, limit: str) -> dict[str, Any]:
    """What was shown behind a cursor, oldest first, what was withdrawn, and the cursor behind that. At most six reads.

    ``more``: ask again at once. Wishes shown together stay together, so an answer may hold more than ``limit``. A
    cursor of another generation begins anew, ``latest`` near the end. Nothing comes while the wall is blank. Raises
    Problem 422.
    """
    most = _number(limit, "limit", 1, MOST_ENTRIES)
    now = datetime.now(UTC).isoformat()
    generations = read_model.generations()
    generation = generations.current
    cursor = _latest(read_model, generation, most, now) if after == "latest" else _cursor(after, generation)
    if generations.blank:
        return {"wishes": [], "withdrawn": [], "cursor": str(cursor), "more": False, "blank": True}
    entries, more = _due(read_model.feed(generation, cursor.position, most), most, now)
    news = read_model.news(generation, cursor.news, MOST_NEWS)
    places = [place for entry in entries for place in entry["wishes"]]
    rows = read_model.rows(generation, places + [place for item in news for place in item["versions"]])
    seen: list[str] = []
    # An entry may be seen a moment before its rows are: the cursor stays in front of it until they have caught up.
    for entry in takewhile(lambda entry: all(place in rows for place in entry["wishes"]), entries):
        seen += entry["wishes"]
        cursor = replace(cursor, position=entry["position"])
    operated: list[str] = []
    for item in takewhile(lambda item: _has_arrived(item["versions"], rows), news):
        operated += item["versions"]
        cursor = replace(cursor, news=item["position"])
    shown = [place for place in dict.fromkeys(seen + operated) if rows[place]["visibility"] == "shown"]
    withdrawn = [place for place in dict.fromkeys(operated) if rows[place]["visibility"] != "shown"]
    return {
        "wishes": [as_shown(rows[place]) for place in shown],
        "withdrawn": [place.rpartition("/")[2] for place in withdrawn],
        "cursor": str(cursor),
        "more": more or len(news) == MOST_NEWS,
        "blank": False,
    }


def _due(entries: Sequence[dict[str, Any]], most: int, now: str) -> tuple[list[dict[str, Any]], bool]:
    """The entries of one answer, at least one, up to the first that is not due; whether more are due behind them."""
    taken: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        if entry["due"] > now:
            return taken, False
        if taken and (size >= most or size + len(entry["wishes"]) > MOST_ENTRIES):
            return taken, True
        taken.append(entry)
        size += len(entry["wishes"])
    return taken, len(entries) == most


def _has_arrived(versions: Mapping[str, int], rows: Mapping[str, dict[str, Any]]) -> bool:
    return all(place in rows and int(rows[place]["version"]) >= version for place, version in versions.items())


def _latest(read_model: ReadModel, generation: int, most: int, now: str) -> Cursor:
    """The cursor from which one answer reaches the end: behind it are at most as many wishes as an answer holds."""
    position, size = 0, 0
    for entry in read_model.newest(generation, now):
        if size and size + len(entry["wishes"]) > most:
            break
        size += len(entry["wishes"])
        position = entry["position"] - 1
        if size >= most:
            break
    return Cursor(generation, position, recent_news(read_model, generation))


def recent_news(read_model: ReadModel, generation: int) -> int:
    """The position behind which are the last of what operators decided."""
    return max(0, read_model.totals(generation).get("news", 0) - MOST_NEWS)


def as_shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it is read aloud: as it was typed."""
    return {
        "wish_id": row["sk"],
        "destination": row["destination"],
        "name": html.unescape(row["name"]) if row.get("name") else None,
        "message": html.unescape(row.get("message", "")),
        "shown_at": as_time(row["shown_at"]) if "shown_at" in row else None,
    }


def as_time(stored: str) -> str:
    """A row's time as answers say it."""
    return timestamp(datetime.fromisoformat(stored))


def _cursor(text: str, generation: int) -> Cursor:
    if not text:
        return Cursor(generation)
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) <= 11 for part in parts):
        raise problems.bad_query([{"field": "after", "code": "cursor", "detail": "This is not a cursor of ours."}])
    of, position, news = map(int, parts)
    return Cursor(generation, position, news) if of == generation else Cursor(generation)


def _number(text: str, field: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and least <= int(text) <= most):
        detail = f"This must be a number from {least} to {most}."
        raise problems.bad_query([{"field": field, "code": "number", "detail": detail}])
    return int(text)
