"""Read all that the audit compares: every commit, every generation of the read model, the seats."""

from collections import Counter
from typing import Any

from domain.commit import Commit, stream_of, wish_of
from domain.errors import UnreadableCommit
from domain.events import DESTINATIONS
from infra import read_model
from infra.event_store import commit_of
from infra.items import values_of
from infra.read_model import feed_entry, news_entry
from lastwish.aws.generations import Entry
from lastwish.maintenance.dead_letters import Letter
from lastwish.maintenance.difference import Difference
from lastwish.maintenance.picture import Model, Picture, Stored
from lastwish.maintenance.stores import Stores

_EVERY_GENERATION = range(1, 10**9)


def read(stores: Stores, letters: list[Letter]) -> tuple[Picture, list[Difference]]:
    """Return a picture of the stores, and what in them cannot be read or must not be there. Raises StoreUnavailable."""
    picture, wrong = Picture(letters=letters), []
    wrong += _add_commits(stores, picture)
    wrong += _add_read_model(stores, picture)
    picture.marks = stores.seats.marks()
    picture.free = {each: set(stores.seats.free(each)) for each in DESTINATIONS}
    return picture, wrong


def _add_commits(stores: Stores, picture: Picture) -> list[Difference]:
    streams: dict[str, list[Commit]] = {}
    wrong: list[Difference] = []
    for item in stores.commits():
        wish_id, version = wish_of(item["stream"]["S"]), item["version"]["N"]
        if has_tag(values_of(item)):
            wrong.append(Difference("tag", wish_id, f"version {version} holds text with < or >"))
        try:
            streams.setdefault(wish_id, []).append(_zoned(commit_of(item)))
        except UnreadableCommit as error:
            wrong.append(Difference("unreadable", wish_id, f"version {version}: {error.reason}"))
            picture.unreadable.add(wish_id)
    for wish_id in streams.keys() - picture.unreadable:
        commits = streams[wish_id]
        if {commit.version for commit in commits} != set(range(1, len(commits) + 1)):
            # A scan is no instant: of two commits appended meanwhile it may have the second without the first.
            commits = stores.events.read(stream_of(wish_id))
        picture.stored[wish_id] = Stored.of(commits)
    return wrong


def _zoned(commit: Commit) -> Commit:
    """Return the commit. Raises UnreadableCommit where a time has no zone: it can be compared with no other."""
    if any(time.tzinfo is None for time in (commit.time, *(done.time for done in commit.events))):
        raise UnreadableCommit(commit.stream, commit.version, "a time has no zone")
    return commit


def _add_read_model(stores: Stores, picture: Picture) -> list[Difference]:
    there = stores.read_model.generations()
    picture.current, picture.live = there.current, there.live
    picture.models = {number: Model() for number in {there.current, *there.live}}
    wrong: list[Difference] = []
    for entry in stores.read_model.scan(_EVERY_GENERATION):
        where = f"generation {entry.generation}"
        if has_tag(entry.values):
            wrong.append(Difference("row-tag", entry.name, f"its row in {where} holds text with < or >"))
        try:
            _add(picture.models.setdefault(entry.generation, Model()), entry)
        except (ValueError, KeyError, TypeError, AttributeError):
            detail = f"{entry.shelf} {entry.name} in {where} is of no known form"
            wrong.append(Difference("model-unreadable", None, detail))
    return wrong


def _add(model: Model, entry: Entry) -> None:
    match entry.shelf.split("#"):
        case ["totals"]:
            model.totals = {name: int(count) for name, count in entry.values.items()}
        case ["feed", *bucket]:
            shown = feed_entry({"sk": entry.name, **entry.values})
            _check_bucket(shown["position"], bucket)
            model.feed[shown["position"]] = shown["wishes"]
            for minute, totals in shown["minutes"].items():
                model.minutes.setdefault(minute, Counter()).update(totals)
        case ["news", *bucket]:
            moderated = news_entry({"sk": entry.name, **entry.values})
            _check_bucket(moderated["position"], bucket)
            model.news[moderated["position"]] = list(moderated["versions"])
        case _:
            model.rows.append((entry.shelf, entry.name, entry.values))


def _check_bucket(position: int, bucket: list[str]) -> None:
    """Raise ValueError where an entry stands in another bucket than the one where readers look for its position."""
    if bucket != [str(position // read_model.BUCKET)]:
        raise ValueError(f"position {position} is in bucket {bucket}")


def has_tag(value: Any) -> bool:
    """Tell if any text in a value, however deep, holds what could begin or end a tag."""
    match value:
        case str():
            return "<" in value or ">" in value
        case dict():
            return any(map(has_tag, value.values()))
        case list() | set():
            return any(map(has_tag, value))
        case _:
            return False
