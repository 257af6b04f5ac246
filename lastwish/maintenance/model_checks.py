"""Check one generation of the read model against the commits, as pure functions of a picture of both.

The rules for rows, counters and feed stand here a second time on purpose: these functions fold the commits without the
code that the projector writes with, so that a mistake there cannot hide itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from domain.wish import Wish
from lastwish.maintenance.difference import Difference
from lastwish.maintenance.picture import Model, Picture, Stored


def model_differences(picture: Picture, model: Model) -> list[Difference]:
    """Return every rule that this generation violates."""
    return [found for check in (counters, rows, feed) for found in check(picture, model)]


def counters(picture: Picture, model: Model) -> Iterator[Difference]:
    """Check that totals and minutes are the sums of the commits."""
    expected: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for stored in picture.stored.values():
        if stored.wish:
            minute = stored.commits[0].time.strftime("%Y-%m-%dT%H:%M")
            expected[minute][f"{stored.wish.destination}_{stored.wish.outcome}"] += 1
    total = sum(expected.values(), Counter[str]())
    counted = {name: count for name, count in model.totals.items() if name not in ("feed", "news")}
    yield from _compared("totals", "in all", counted, total)
    for minute in sorted(expected.keys() | model.minutes.keys()):
        yield from _compared("minutes", f"at {minute}", model.minutes.get(minute, {}), expected[minute])


def _compared(kind: str, where: str, counted: Mapping[str, int], expected: Mapping[str, int]) -> Iterator[Difference]:
    for name in sorted(counted.keys() | expected.keys()):
        if counted.get(name, 0) != expected.get(name, 0):
            detail = f"{name} {where}: {counted.get(name, 0)} counted, {expected.get(name, 0)} stored"
            yield Difference(kind, None, detail)


def rows(picture: Picture, model: Model) -> Iterator[Difference]:
    """Check that every stored wish has one row at its home, and an equal copy in its pod if it boarded late."""
    found: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for shelf, wish_id, row in model.rows:
        found[wish_id][shelf] = row
    for wish_id in found.keys() - picture.stored.keys() - picture.unreadable:
        yield Difference("row-without-wish", wish_id, "it has a row but no commits")
    for wish_id, stored in picture.stored.items():
        if stored.wish and stored.home:
            home, place = _shelf(stored.home, wish_id), _shelf(stored.wish, wish_id)
            wanted = _row(stored.wish, stored)
            bare = {name: value for name, value in wanted.items() if name != "held_at"}
            copy = {place: {**bare, "home": home}} if place != home else {}
            yield from _rows(wish_id, found[wish_id], {home: wanted} | copy)


def _rows(wish_id: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[Difference]:
    for shelf in sorted(expected.keys() - found.keys()):
        yield Difference("row-missing", wish_id, f"no row at {shelf}")
    for shelf in sorted(found.keys() - expected.keys()):
        yield Difference("row-twice", wish_id, f"another row at {shelf}")
    for shelf in sorted(expected.keys() & found.keys()):
        version = found[shelf].get("version")
        if isinstance(version, Decimal) and version > expected[shelf]["version"]:
            yield Difference("row-ahead", wish_id, f"at {shelf}: it has seen version {version}, which is not stored")
        elif wrong := _unequal(found[shelf], expected[shelf]):
            yield Difference("row-differs", wish_id, f"at {shelf}: {', '.join(wrong)}")


def _row(wish: Wish, stored: Stored) -> dict[str, Any]:
    row = {
        "destination": wish.destination,
        "outcome": wish.outcome,
        "visibility": wish.visibility,
        "seat": wish.seat,
        "name": wish.name,
        "message": wish.message,
        "version": len(stored.commits),
        "shown_at": stored.shown_at,
        "held_at": stored.held_at,
        "held_for": wish.held_for if stored.held_at else None,
    }
    return {name: value for name, value in row.items() if value is not None}


def _unequal(row: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Return the names of the attributes that differ, never their values."""
    return sorted(name for name in row.keys() | expected.keys() if row.get(name) != expected.get(name))


def feed(picture: Picture, model: Model) -> Iterator[Difference]:
    """Check that a reader of feed and news shows exactly the shown wishes, and that neither has a hole."""
    yield from _positions("feed", model.feed, model.totals.get("feed", 0))
    yield from _positions("news", model.news, model.totals.get("news", 0))
    there = {f"{shelf}/{wish_id}" for shelf, wish_id, _ in model.rows}
    places = [place for entry in (*model.feed.values(), *model.news.values()) for place in entry]
    for place in sorted(set(places) - there):
        yield Difference("feed-without-row", place.rpartition("/")[2], f"the feed says {place}")
    seen = Counter(place.rpartition("/")[2] for entry in model.feed.values() for place in entry)
    told = {place.rpartition("/")[2] for entry in model.news.values() for place in entry}
    for wish_id, stored in picture.stored.items():
        is_shown = stored.wish is not None and stored.wish.visibility == "shown"
        if is_shown and not seen[wish_id] and wish_id not in told:
            yield Difference("feed-missing", wish_id, "it is shown but not in the feed")
        if seen[wish_id] and not is_shown and wish_id not in told:
            yield Difference("feed-not-withdrawn", wish_id, "it is not shown, but nothing takes it down")
        if seen[wish_id] > 1:
            yield Difference("feed-twice", wish_id, f"it is in the feed {seen[wish_id]} times")


def _positions(name: str, entries: Mapping[int, list[str]], counted: int) -> Iterator[Difference]:
    last = max([*entries, counted])
    for position in range(1, last + 1):
        if position not in entries:
            yield Difference(f"{name}-hole", None, f"nothing at position {position} of {last}")
    if entries and max(entries) != counted:
        yield Difference(f"{name}-end", None, f"{max(entries)} entries, {counted} counted")


def _shelf(wish: Wish, wish_id: str) -> str:
    if wish.outcome == "boarded":
        return f"pod#{wish.destination}#{wish.pod or 0}"
    return f"{wish.outcome}#{wish.destination}#{wish_id[0]}"
