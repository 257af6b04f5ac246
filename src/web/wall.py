"""Read the wall's feed and the manifest from the read model. A call costs the same, however much is stored."""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, takewhile
from typing import Any

from domain.envelope import timestamp
from domain.events import Destination
from infra.read_model import ReadModel
from web import problems

MOST_ENTRIES = 100
MOST_NEWS = 20  # entries of moderated wishes in one response


def manifest(read_model: ReadModel, capacity: dict[Destination, int]) -> dict[str, Any]:
    """Return totals and free seats per destination. Two reads."""
    generation = read_model.generations().current
    totals = read_model.totals(generation)

    def ship(destination: Destination) -> dict[str, int]:
        counts = {name: totals.get(f"{destination}_{name}", 0) for name in ("boarded", "waitlisted", "rejected")}
        return {**counts, "seats_left": max(0, capacity[destination] - counts["boarded"])}

    return {"destinations": {name: ship(name) for name in capacity}, "generation": generation}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Positions up to which a client has read the feed and the news, which are the wishes that operators moderated."""

    generation: int
    position: int = 0
    news: int = 0

    def __str__(self) -> str:
        return f"{self.generation}-{self.position}-{self.news}"


def feed(read_model: ReadModel, after: str, limit: str) -> dict[str, Any]:
    """Return the wishes shown after a cursor, oldest first, those withdrawn, and the next cursor.

    Two reads where nothing is new, and never more than a few, however much is stored.

    ``more``: call again at once. Wishes shown together stay together, so a response may hold more than ``limit``. The
    cursor stays before an entry that has to wait; those after it are shown, and come again with it. A cursor of another
    generation starts at the beginning, ``latest`` near the end. A blank wall gets no wishes. Raises Problem 422.
    """
    most = _number(limit, "limit", 1, MOST_ENTRIES)
    now = datetime.now(UTC).isoformat()
    generations = read_model.generations()
    generation = generations.current
    end = Cursor(generation, *read_model.ends(generation))
    cursor = _latest(read_model, end, most, now) if after == "latest" else _cursor(after, generation)
    if generations.blank:
        return {"wishes": [], "withdrawn": [], "cursor": str(cursor), "more": False, "blank": True}
    entries, page, more = _page(read_model.feed(generation, cursor.position, end.position, most), most, now)
    news = read_model.news(generation, cursor.news, end.news, MOST_NEWS)
    places = [place for entry in page for place in entry["wishes"]]
    rows = read_model.rows(generation, places + [place for item in news for place in item["versions"]])
    # An entry may be visible a moment before its rows are: it waits, like one that is not due.
    ready = {entry["position"]: entry["wishes"] for entry in page if all(place in rows for place in entry["wishes"])}
    for entry in takewhile(lambda entry: entry["position"] in ready, entries):
        cursor = replace(cursor, position=entry["position"])
    more = more and cursor.position == page[-1]["position"]  # else the same page would come again
    fresh = chain.from_iterable(ready.values())
    moderated: list[str] = []
    for item in takewhile(lambda item: _are_visible(item["versions"], rows), news):
        moderated += item["versions"]
        cursor = replace(cursor, news=item["position"])
    shown = [place for place in dict.fromkeys([*fresh, *moderated]) if rows[place]["visibility"] == "shown"]
    withdrawn = [place for place in dict.fromkeys(moderated) if rows[place]["visibility"] != "shown"]
    return {
        "wishes": [row_document(rows[place]) for place in shown],
        "withdrawn": [place.rpartition("/")[2] for place in withdrawn],
        "cursor": str(cursor),
        "more": more or len(news) == MOST_NEWS,
        "blank": False,
    }


def _page(entries: Iterator[dict[str, Any]], most: int, now: str) -> tuple[list[Any], list[Any], bool]:
    """Return the entries that one response goes over, those of them that are due, and whether more may follow."""
    read: list[dict[str, Any]] = []
    page: list[dict[str, Any]] = []
    size = 0
    for entry in entries:  # each next partition is read only if it is needed
        if entry["due"] <= now:
            if page and (size >= most or size + len(entry["wishes"]) > MOST_ENTRIES):
                return read, page, True
            page.append(entry)
            size += len(entry["wishes"])
        read.append(entry)
    return read, page, len(page) == most


def _are_visible(versions: Mapping[str, int], rows: Mapping[str, dict[str, Any]]) -> bool:
    return all(place in rows and int(rows[place]["version"]) >= version for place, version in versions.items())


def _latest(read_model: ReadModel, end: Cursor, most: int, now: str) -> Cursor:
    """Return the cursor from which one response reaches the end of the feed. Entries that are not due do not count."""
    position, size = 0, 0
    for entry in read_model.newest(end.generation, end.position):
        count = len(entry["wishes"]) if entry["due"] <= now else 0
        if size and (size >= most or size + count > most):
            break
        size += count
        position = entry["position"] - 1
    return Cursor(end.generation, position, before_last_news(end.news))


def before_last_news(end: int) -> int:
    """Return the position after which the last news stand."""
    return max(0, end - MOST_NEWS)


def row_document(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON, with name and message as they were typed."""
    return {
        "wish_id": row["sk"],
        "destination": row["destination"],
        "name": html.unescape(row["name"]) if row.get("name") else None,
        "message": html.unescape(row.get("message", "")),
        "shown_at": row_time(row["shown_at"]) if "shown_at" in row else None,
    }


def row_time(stored: str) -> str:
    """Return a row's time in the format of responses."""
    return timestamp(datetime.fromisoformat(stored))


def _cursor(text: str, generation: int) -> Cursor:
    if not text:
        return Cursor(generation)
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) <= 11 for part in parts):
        raise problems.bad_query([{"field": "after", "code": "cursor", "detail": "This is not a cursor of ours."}])
    cursors_generation, position, news = map(int, parts)
    return Cursor(generation, position, news) if cursors_generation == generation else Cursor(generation)


def _number(text: str, field: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and least <= int(text) <= most):
        detail = f"This must be a number from {least} to {most}."
        raise problems.bad_query([{"field": field, "code": "number", "detail": detail}])
    return int(text)
