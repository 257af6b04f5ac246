"""What must be true when the chain has come to rest, worked out from the raw items by rules of our own.

Nothing here uses the code under test: a mistake in it, or in the audit, must not hide itself.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.simulation.world import World

_plain = TypeDeserializer().deserialize
_SHORT = "lastwish.wish."
_SLACK = 60.0  # seconds after which a wish that is due must be on the wall


@dataclass
class Folded:
    """A wish as its stored events say."""

    wish_id: str
    versions: list[int] = field(default_factory=list)
    submissions: int = 0
    boardings: int = 0
    destination: str = ""
    outcome: str = "submitted"
    visibility: str = "pending"
    seat: int | None = None
    pod: int | None = None
    text: tuple[str | None, str | None] = (None, None)
    erased: bool = False
    shown_at: str | None = None
    home: str | None = None

    @property
    def shelf(self) -> str:
        """Return where its row stands."""
        if self.outcome == "boarded":
            return f"pod#{self.destination}#{self.pod}"
        return f"{self.outcome}#{self.destination}#{self.wish_id[0]}"

    def add(self, commit: dict[str, Any]) -> None:
        """Take one more commit, oldest first."""
        self.versions.append(int(commit["version"]))
        for event in commit["events"]:
            self._add(event["type"].removeprefix(_SHORT).partition(".")[0], event["data"], event["time"])
        self.home = self.home or self.shelf

    def _add(self, kind: str, data: dict[str, Any], time: str) -> None:
        match kind:
            case "submitted":
                self.submissions += 1
                self.destination, self.text = data["destination"], (data.get("name"), data.get("message"))
            case "rejected":
                self.outcome, self.visibility = "rejected", "hidden"
            case "waitlisted":
                self.outcome = "waitlisted"
            case "boarded":
                self.boardings += 1
                self.outcome, self.seat, self.pod = "boarded", int(data["seat"]), int(data["pod"])
            case "erased":
                self.erased, self.visibility = True, "hidden"
            case "held" | "hidden" | "shown" if not self.erased:
                self.visibility = kind
                self.shown_at = data.get("since") or time if kind == "shown" else self.shown_at


def stored(world: World) -> dict[str, Folded]:
    """Return every stored wish."""
    commits = [
        {name: _plain(value) for name, value in item.items()} for item in world.dynamodb.tables["EventStore"].all()
    ]
    wishes: dict[str, Folded] = {}
    for commit in sorted(commits, key=lambda each: int(each["version"])):
        wish_id = commit["stream"].removeprefix("wish#")
        wishes.setdefault(wish_id, Folded(wish_id)).add(commit)
    return wishes


def dead(world: World) -> set[str]:
    """Return the ids of the wishes in dead-letter queues."""
    found = set()
    for name in ("InboxDlq", "PodsDlq"):
        for letter in world.sqs.queues[world.urls[name]].letters.values():
            try:
                read = json.loads(letter.body)
            except ValueError:
                continue
            found |= {each["subject"] for each in (read if isinstance(read, list) else [read]) if "subject" in each}
    return found


def violations(world: World) -> list[str]:
    """Return everything that is not as promised."""
    wishes = stored(world)
    checks = (_promises, _streams, _seats, _erasure, _read_model, _wall)
    return [*world.broken, *(found for check in checks for found in check(world, wishes))]


def _promises(world: World, wishes: dict[str, Folded]) -> Iterator[str]:
    lost = set(world.promised) - wishes.keys() - dead(world)
    yield from (f"{wish_id} was promised and is neither stored nor dead-lettered" for wish_id in sorted(lost))


def _streams(_world: World, wishes: dict[str, Folded]) -> Iterator[str]:
    for wish in wishes.values():
        if wish.versions != list(range(1, len(wish.versions) + 1)):
            yield f"{wish.wish_id} has the versions {wish.versions}"
        if wish.submissions > 1:
            yield f"{wish.wish_id} is stored {wish.submissions} times"
        if wish.boardings > 1:
            yield f"{wish.wish_id} boarded {wish.boardings} times"


def _seats(world: World, wishes: dict[str, Folded]) -> Iterator[str]:
    items = {item["id"]["S"]: item for item in world.dynamodb.tables["Seats"].all()}
    holders: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for wish in wishes.values():
        if wish.seat is not None:
            holders[wish.destination, wish.seat].append(wish.wish_id)
    for (destination, seat), wish_ids in sorted(holders.items()):
        mark = int(items.get("marks", {}).get(destination, {"N": "0"})["N"])
        free = items.get(f"free#{destination}", {}).get("seats", {"NS": []})["NS"]
        if len(wish_ids) > 1:
            yield f"seat {seat} to {destination} is held by {', '.join(sorted(wish_ids))}"
        if not 0 < seat <= mark:
            yield f"seat {seat} to {destination} was never leased: the mark is {mark}"
        if str(seat) in free:
            yield f"seat {seat} to {destination} is held and free"
    for destination in world.capacity:
        mark = int(items.get("marks", {}).get(destination, {"N": "0"})["N"])
        if mark > world.most_capacity[destination]:
            yield f"{mark} seats to {destination} were leased, and there never were more than {world.most_capacity[destination]}"


def _erasure(world: World, wishes: dict[str, Folded]) -> Iterator[str]:
    if not world.erased:
        return
    tables = {name: json.dumps(list(table.all())) for name, table in world.dynamodb.tables.items()}
    queues = {name: " ".join(each.body for each in queue.letters.values()) for name, queue in world.sqs.queues.items()}
    for wish_id in sorted(world.erased):
        text = world.texts[wish_id]
        for place, content in (tables | queues).items():
            if text in content:
                yield f"text of {wish_id}, which was erased, is in {place.rpartition('/')[2]}"
        if wish_id in wishes and not wishes[wish_id].erased:
            yield f"{wish_id} was erased, and its stream does not say so"


def _read_model(world: World, wishes: dict[str, Folded]) -> Iterator[str]:
    items = [{k: _plain(v) for k, v in item.items()} for item in world.dynamodb.tables["ReadModel"].all()]
    pointer = next((item for item in items if item["pk"] == "pointer"), {})
    # Another live generation may be half built: its rebuild was killed.
    yield from _generation(int(pointer.get("current", 1)), items, wishes)


def _generation(generation: int, items: list[dict[str, Any]], wishes: dict[str, Folded]) -> Iterator[str]:
    shelves: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for item in items:
        number, _, shelf = item["pk"].partition("#")
        if number == str(generation):
            shelves[shelf][item["sk"]] = item
    totals = {k: int(v) for k, v in shelves.pop("totals", {}).get("-", {}).items() if k not in ("pk", "sk")}
    feed, news = shelves.pop("feed", {}), shelves.pop("news", {})
    expected = Counter(f"{wish.destination}_{wish.outcome}" for wish in wishes.values())
    counted = {k: v for k, v in totals.items() if k not in ("position", "news") and v}
    if counted != dict(expected):
        yield f"generation {generation} counts {counted}, stored are {dict(expected)}"
    for name, entries, last in (("feed", feed, totals.get("position", 0)), ("news", news, totals.get("news", 0))):
        if sorted(map(int, entries)) != list(range(1, last + 1)):
            yield f"generation {generation}: the {name} has a hole: {sorted(map(int, entries))} of {last}"
    fed = Counter(wish_id for entry in feed.values() for ids in entry["wishes"].values() for wish_id in ids)
    told = {wish_id for entry in news.values() for versions in entry["versions"].values() for wish_id in versions}
    for wish in wishes.values():
        rows = {shelf: found[wish.wish_id] for shelf, found in shelves.items() if wish.wish_id in found}
        yield from (f"generation {generation}: {wish.wish_id} {fault}" for fault in _row_faults(wish, rows))
        if fed[wish.wish_id] > 1:
            yield f"generation {generation}: {wish.wish_id} is in the feed {fed[wish.wish_id]} times"
        if wish.visibility == "shown" and not fed[wish.wish_id] and wish.wish_id not in told:
            yield f"generation {generation}: {wish.wish_id} is to be shown and in neither feed nor news"
    strangers = {name for found in shelves.values() for name in found} - wishes.keys()
    yield from (f"generation {generation}: a row of {name}, which is not stored" for name in sorted(strangers))


def _row_faults(wish: Folded, rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    if rows.keys() != {wish.home, wish.shelf}:
        yield f"has rows at {sorted(rows)} instead of {wish.home} and {wish.shelf}"
    for row in rows.values():
        wanted = (len(wish.versions), wish.outcome, wish.visibility, wish.seat, wish.text)
        found = (
            int(row["version"]), row["outcome"], row["visibility"],
            int(row["seat"]) if "seat" in row else None, (row.get("name"), row.get("message")),
        )  # fmt: skip
        if (
            found[:-1] != wanted[:-1]
            or (found[-1] != wanted[-1] and not wish.erased)
            or (wish.erased and any(found[-1]))
        ):
            yield f"has the row {found}, stored is {wanted}"


def _wall(world: World, wishes: dict[str, Folded]) -> Iterator[str]:
    def is_due(wish: Folded) -> bool:
        return wish.visibility == "shown" and _seconds(wish.shown_at) <= world.scheduler.now - _SLACK

    due = {each.wish_id for each in wishes.values() if is_due(each)}
    hidden = {each.wish_id for each in wishes.values() if each.visibility != "shown"}
    for page, shown in world.walls.items():
        yield from (f"{page} does not show {wish_id}, which is due" for wish_id in sorted(due - shown))
        yield from (f"{page} shows {wish_id}, which is hidden" for wish_id in sorted(hidden & shown))


def unused_seats(world: World) -> Iterator[str]:
    """Return what a reclaim in calm should have left: no leaked seat, and nobody who waits beside a free one."""
    items = {item["id"]["S"]: item for item in world.dynamodb.tables["Seats"].all()}
    wishes = stored(world).values()
    for destination, seats in world.capacity.items():
        mark = int(items.get("marks", {}).get(destination, {"N": "0"})["N"])
        free = {int(n) for n in items.get(f"free#{destination}", {}).get("seats", {"NS": []})["NS"]}
        held = {wish.seat for wish in wishes if wish.destination == destination and wish.seat}
        if leaked := set(range(1, mark + 1)) - held - free:
            yield f"seats {sorted(leaked)} to {destination} are leaked after a reclaim"
        waiting = [w for w in wishes if w.destination == destination and w.outcome == "waitlisted" and not w.erased]
        # Free seats above the capacity are on a ship that has become smaller since.
        left = sum(number <= seats for number in free) + max(0, seats - mark)
        if waiting and left:
            yield f"{len(waiting)} wishes wait for {destination}, and {left} seats are left"


def _seconds(time: str | None) -> float:
    return datetime.fromisoformat(time or "").timestamp()
