"""What must be true when the chain has come to rest, worked out from the raw items by rules of our own.

Nothing here uses the code under test: a mistake in it, or in the audit, must not hide itself.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.simulation.world import World

_plain = TypeDeserializer().deserialize
_SHORT = "lastwish.wish."


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
            self._add(event["type"].removeprefix(_SHORT).partition(".")[0], event["data"])
        self.home = self.home or self.shelf

    def _add(self, kind: str, data: dict[str, Any]) -> None:
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


def stored(world: World) -> dict[str, Folded]:
    """Return every stored wish that can be read."""
    commits = [
        {name: _plain(value) for name, value in item.items()} for item in world.dynamodb.tables["EventStore"].all()
    ]
    wishes: dict[str, Folded] = {}
    for commit in sorted(commits, key=lambda each: int(each["version"])):
        wish_id = commit["stream"].removeprefix("wish#")
        if wish_id in world.unreadable:
            continue
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
    marks, free = _marks(world), {destination: _free(world, destination) for destination in world.capacity}
    holders: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for wish in wishes.values():
        if wish.seat is not None:
            holders[wish.destination, wish.seat].append(wish.wish_id)
    for (destination, seat), wish_ids in sorted(holders.items()):
        faults = {
            f"held by {', '.join(sorted(wish_ids))}": len(wish_ids) > 1,
            f"held and was never leased: the mark is {marks[destination]}": not 0 < seat <= marks[destination],
            "held and free": seat in free[destination],
        }
        yield from (f"seat {seat} to {destination} is {fault}" for fault, there in faults.items() if there)
    for destination, most in world.most_capacity.items():
        if marks[destination] > most:
            yield f"{marks[destination]} seats to {destination} were leased, and there never were more than {most}"


def _marks(world: World) -> Counter[str]:
    item = world.dynamodb.tables["Seats"].get(("marks", "")) or {}
    return Counter({name: int(value["N"]) for name, value in item.items() if name != "id"})


def _free(world: World, destination: str) -> set[int]:
    item = world.dynamodb.tables["Seats"].get((f"free#{destination}", "")) or {}
    return {int(number) for number in item.get("seats", {"NS": []})["NS"]}


def _erasure(world: World, wishes: dict[str, Folded]) -> Iterator[str]:
    if not world.erased:
        return
    tables = {name: json.dumps(list(table.all())) for name, table in world.dynamodb.tables.items()}
    queues = {name: " ".join(each.body for each in queue.letters.values()) for name, queue in world.sqs.queues.items()}
    for wish_id in sorted(world.erased):
        text = world.texts[wish_id]
        for place, content in (tables if wish_id in world.erased_too_early else tables | queues).items():
            if text in content:
                yield f"text of {wish_id}, which was erased, is in {place.rpartition('/')[2]}"
        if wish_id in wishes and not wishes[wish_id].erased:
            yield f"{wish_id} was erased, and its stream does not say so"


def _read_model(world: World, wishes: dict[str, Folded]) -> Iterator[str]:
    items = [{k: _plain(v) for k, v in item.items()} for item in world.dynamodb.tables["ReadModel"].all()]
    pointer = next((item for item in items if item["pk"] == "pointer"), {})
    # Another live generation may be half built: its rebuild was killed.
    yield from _generation(int(pointer.get("current", 1)), items, wishes, world.bucket)


def _generation(generation: int, items: list[dict[str, Any]], wishes: dict[str, Folded], bucket: int) -> Iterator[str]:
    shelves: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for item in items:
        number, _, shelf = item["pk"].partition("#")
        if number == str(generation):
            shelves[shelf][item["sk"]] = item
    totals = {k: int(v) for k, v in shelves.pop("totals", {}).get("-", {}).items() if k not in ("pk", "sk")}
    feed, news = (_entries(shelves, name, bucket) for name in ("feed", "news"))
    expected = dict(Counter(f"{wish.destination}_{wish.outcome}" for wish in wishes.values()))
    counted = {k: v for k, v in totals.items() if k not in ("feed", "news") and v}
    if counted != expected:
        yield f"the totals are {counted}, stored are {expected}"
    for name, entries in (("feed", feed), ("news", news)):
        last = totals.get(name, 0)
        if sorted(map(int, entries)) != list(range(1, last + 1)):
            yield f"the {name} has a hole: {sorted(map(int, entries))} of {last}"
    yield from _feed_faults(feed, news, wishes)
    for wish in wishes.values():
        rows = {shelf: found[wish.wish_id] for shelf, found in shelves.items() if wish.wish_id in found}
        yield from (f"{wish.wish_id} {fault}" for fault in _row_faults(wish, rows))
    strangers = {name for found in shelves.values() for name in found} - wishes.keys()
    yield from (f"there is a row of {name}, which is not stored" for name in sorted(strangers))


def _entries(shelves: dict[str, dict[str, Any]], name: str, bucket: int) -> dict[str, Any]:
    """Take a feed's partitions off the shelves. Return the entries that stand where a reader looks for them."""
    found = {shelf: shelves.pop(shelf) for shelf in list(shelves) if shelf.partition("#")[0] == name}
    return {
        position: entry
        for shelf, entries in found.items()
        for position, entry in entries.items()
        if shelf == f"{name}#{int(position) // bucket}"
    }


def _feed_faults(feed: dict[str, Any], news: dict[str, Any], wishes: dict[str, Folded]) -> Iterator[str]:
    fed = Counter(wish_id for entry in feed.values() for ids in entry["wishes"].values() for wish_id in ids)
    told = {wish_id for entry in news.values() for versions in entry["versions"].values() for wish_id in versions}
    yield from (f"{wish_id} is in the feed {times} times" for wish_id, times in fed.items() if times > 1)
    shown = {wish_id for wish_id, wish in wishes.items() if wish.visibility == "shown"}
    yield from (
        f"{wish_id} is to be shown and in neither feed nor news" for wish_id in sorted(shown - fed.keys() - told)
    )


def _row_faults(wish: Folded, rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    if rows.keys() != {wish.home, wish.shelf}:
        yield f"has rows at {sorted(rows)} instead of {wish.home} and {wish.shelf}"
    for row in rows.values():
        text = (None, None) if wish.erased else wish.text
        wanted = (len(wish.versions), wish.outcome, wish.visibility, wish.seat, *text)
        seat = int(row["seat"]) if "seat" in row else None
        found = (int(row["version"]), row["outcome"], row["visibility"], seat, row.get("name"), row.get("message"))
        if found != wanted:
            yield f"has the row {found}, stored is {wanted}"


def _wall(world: World, wishes: dict[str, Folded]) -> Iterator[str]:
    # Minutes after the last commit, and whatever a clock said: DynamoDB's own bounds how long a wish waits.
    due = {each.wish_id for each in wishes.values() if each.visibility == "shown"}
    hidden = {each.wish_id for each in wishes.values() if each.visibility != "shown"}
    for page, shown in world.walls.items():
        yield from (f"{page} does not show {wish_id}, which is due" for wish_id in sorted(due - shown))
        yield from (f"{page} shows {wish_id}, which is hidden" for wish_id in sorted(hidden & shown))


def unused_seats(world: World) -> Iterator[str]:
    """Return what a reclaim in calm should have left: no leaked seat, and nobody who waits beside a free one."""
    wishes = stored(world).values()
    for destination, seats in world.capacity.items():
        mark, free = _marks(world)[destination], _free(world, destination)
        held = {wish.seat for wish in wishes if wish.destination == destination and wish.seat}
        if leaked := set(range(1, mark + 1)) - held - free:
            yield f"seats {sorted(leaked)} to {destination} are leaked after a reclaim"
        waiting = [w for w in wishes if w.destination == destination and w.outcome == "waitlisted" and not w.erased]
        # Free seats above the capacity are on a ship that has become smaller since.
        left = sum(number <= seats for number in free) + max(0, seats - mark)
        if waiting and left:
            yield f"{len(waiting)} wishes wait for {destination}, and {left} seats are left"
