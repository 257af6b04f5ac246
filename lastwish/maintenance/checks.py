"""Check what must be true of the stores together, as pure functions of a picture of them.

The rules for rows, counters and feed stand here a second time on purpose: these functions fold the commits without the
code that the projector writes with, so that a mistake there cannot hide itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from domain.commit import Commit
from domain.events import WishShown
from domain.wish import Wish, fold


@dataclass(frozen=True, slots=True)
class Difference:
    """One violated rule. ``detail`` never quotes what was typed."""

    kind: str
    wish_id: str | None
    detail: str

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Stored:
    """One wish folded from its commits in the order of their versions, even when one is missing in between."""

    commits: tuple[Commit, ...]
    wish: Wish | None
    home: Wish | None

    @classmethod
    def of(cls, commits: Iterable[Commit]) -> "Stored":
        """Fold the commits of one stream, given in any order."""
        ordered = tuple(sorted(commits, key=lambda commit: commit.version))
        return cls(ordered, fold(_events(ordered)), fold(_events(ordered[:1])))

    @property
    def shown_at(self) -> str | None:
        """Time from which it may be seen, as rows have it; the last event counts."""
        times = [done.event.since or done.time for done in self._showings]
        return times[-1].isoformat() if times else None

    @property
    def held_at(self) -> str | None:
        """Time since which it is held, as rows have it; None when it is not."""
        return self.commits[0].time.isoformat() if self.wish and self.wish.visibility == "held" else None

    @property
    def _showings(self) -> list[Any]:
        return [done for commit in self.commits for done in commit.events if isinstance(done.event, WishShown)]


@dataclass
class Picture:
    """Content of the stores. ``rows``: (shelf, wish id, attributes); ``feed`` and ``news``: places by position."""

    stored: dict[str, Stored] = field(default_factory=dict)
    rows: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    minutes: dict[str, Counter[str]] = field(default_factory=dict)
    feed: dict[int, list[str]] = field(default_factory=dict)
    news: dict[int, list[str]] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    free: dict[str, set[int]] = field(default_factory=dict)


def differences(picture: Picture) -> list[Difference]:
    """Return every violated rule."""
    checks = (versions, seats, counters, rows, feed)
    return [found for check in checks for found in check(picture)]


def versions(picture: Picture) -> Iterator[Difference]:
    """Check that the versions of each stream are 1…n, and that its first commit begins a wish."""
    for wish_id, stored in picture.stored.items():
        numbers = [commit.version for commit in stored.commits]
        if numbers != list(range(1, len(numbers) + 1)):
            yield Difference("gap", wish_id, f"its stream has the versions {', '.join(map(str, numbers))}")
        elif stored.wish is None:
            yield Difference("no-beginning", wish_id, "its first commit holds no submission")


def seats(picture: Picture) -> Iterator[Difference]:
    """Check that each seat is held by at most one wish, was leased, and is not free."""
    holders: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for wish_id, stored in picture.stored.items():
        if stored.wish and stored.wish.seat is not None:
            holders[stored.wish.destination, stored.wish.seat].append(wish_id)
    for (destination, number), wish_ids in holders.items():
        seat = f"seat {number} to {destination}"
        for wish_id in wish_ids:
            if len(wish_ids) > 1:
                yield Difference("seat-twice", wish_id, f"{seat} is held by {len(wish_ids)} wishes")
            if number > picture.marks.get(destination, 0):
                yield Difference("seat-above-mark", wish_id, f"{seat} was never leased")
            if number in picture.free.get(destination, set()):
                yield Difference("seat-free", wish_id, f"{seat} is on the free list as well")


def counters(picture: Picture) -> Iterator[Difference]:
    """Check that totals and minutes are the sums of the commits."""
    expected: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for stored in picture.stored.values():
        if stored.wish:
            minute = stored.commits[0].time.strftime("%Y-%m-%dT%H:%M")
            expected[minute][f"{stored.wish.destination}_{stored.wish.outcome}"] += 1
    total = sum(expected.values(), Counter[str]())
    counted = {name: count for name, count in picture.totals.items() if name not in ("position", "news")}
    yield from _compared("totals", "in all", counted, total)
    for minute in sorted(expected.keys() | picture.minutes.keys()):
        yield from _compared("minutes", f"at {minute}", picture.minutes.get(minute, {}), expected[minute])


def _compared(kind: str, where: str, counted: Mapping[str, int], expected: Mapping[str, int]) -> Iterator[Difference]:
    for name in sorted(counted.keys() | expected.keys()):
        if counted.get(name, 0) != expected.get(name, 0):
            detail = f"{name} {where}: {counted.get(name, 0)} counted, {expected.get(name, 0)} stored"
            yield Difference(kind, None, detail)


def rows(picture: Picture) -> Iterator[Difference]:
    """Check that every stored wish has one row at its home, and an equal copy in its pod if it boarded late."""
    found: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for shelf, wish_id, row in picture.rows:
        found[wish_id][shelf] = row
    for wish_id in found.keys() - picture.stored.keys():
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
        if wrong := _unequal(found[shelf], expected[shelf]):
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


def feed(picture: Picture) -> Iterator[Difference]:
    """Check that a reader of feed and news shows exactly the shown wishes, and that neither has a hole."""
    yield from _positions("feed", picture.feed, picture.totals.get("position", 0))
    yield from _positions("news", picture.news, picture.totals.get("news", 0))
    there = {f"{shelf}/{wish_id}" for shelf, wish_id, _ in picture.rows}
    places = [place for entry in (*picture.feed.values(), *picture.news.values()) for place in entry]
    for place in sorted(set(places) - there):
        yield Difference("feed-without-row", place.rpartition("/")[2], f"the feed says {place}")
    seen = Counter(place.rpartition("/")[2] for entry in picture.feed.values() for place in entry)
    told = {place.rpartition("/")[2] for entry in picture.news.values() for place in entry}
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


def _events(commits: Sequence[Commit]) -> list[Any]:
    return [done.event for commit in commits for done in commit.events]
