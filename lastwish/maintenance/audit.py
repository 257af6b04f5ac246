"""Audit: compare the promises with the stores, and the stores with each other.

    distinct wish ids answered 202  =  stored + in flight + dead-lettered + parked

The promises come from a record that the chain does not write: the proxy's ledger, or API Gateway's access log. It is
read first, and the store after the queues were counted, so a wish that moves meanwhile is found at least once. SQS
cannot be searched: wishes that are neither stored nor dead count as in flight as long as the work queues hold at least
that many messages.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from domain.commit import Commit, wish_of
from domain.errors import UnreadableCommit
from infra.event_store import commit_of
from infra.items import values_of
from infra.read_model import feed_entry, news_entry
from lastwish.aws.clients import plain_errors
from lastwish.aws.generations import Entry
from lastwish.maintenance import dead_letters
from lastwish.maintenance.checks import Difference, Picture, Stored, differences
from lastwish.maintenance.stores import DESTINATIONS, Stores

_PAUSE = 0.5


@dataclass(frozen=True)
class Report:
    """Counts of wishes, and the differences. ``unpromised`` wishes are stored without a recorded 202."""

    accepted: int
    stored: int
    in_flight: int
    dead_lettered: int
    unpromised: int
    dead_letters: int
    differences: list[Difference] = field(default_factory=list)
    parked: int = 0

    @property
    def ok(self) -> bool:
        """True when nothing differs."""
        return not self.differences

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            "ok": self.ok,
            "accepted": self.accepted,
            "stored": self.stored,
            "in_flight": self.in_flight,
            "dead_lettered": self.dead_lettered,
            "parked": self.parked,
            "unpromised": self.unpromised,
            "dead_letters": self.dead_letters,
            "differences": [each.facts() for each in self.differences],
        }


def audit(
    stores: Stores, promises: Callable[[], Iterable[str]], settle: float, note: Callable[[str], None] = lambda _: None
) -> Report:
    """Repeat the audit until all is well, or until the chain had ``settle`` seconds to come to rest.

    ``promises`` reads anew which wishes were answered 202. Raises AwsError.
    """
    deadline = time.monotonic() + settle
    with plain_errors():
        while True:
            while stores.waiting("Inbox", "Pods") and time.monotonic() < deadline:
                time.sleep(_PAUSE)
            report = audit_once(stores, promises())
            if (report.ok and not report.in_flight) or time.monotonic() >= deadline:
                return report
            note(f"{len(report.differences)} differences, {report.in_flight} in flight: reading again")
            time.sleep(_PAUSE)


def audit_once(stores: Stores, promises: Iterable[str]) -> Report:
    """Read everything once and report."""
    accepted = set(promises)
    waiting = stores.waiting("Inbox", "Pods")
    picture, unreadable = _stored(stores)
    with dead_letters.held(stores) as letters:
        dead = frozenset[str]().union(*(letter.wish_ids for letter in letters))
        count = len(letters)
    unreadable += _add_read_model(stores, picture)
    picture.marks = stores.seats.marks()
    picture.free = {each: set(stores.seats.free(each)) for each in DESTINATIONS}
    stored = picture.stored.keys()
    lost = accepted - stored - dead
    in_flight = len(lost) if len(lost) <= waiting else 0
    found = [*unreadable, *differences(picture)]
    if lost and not in_flight:
        detail = f"answered 202 and nowhere to be found; {waiting} messages are in flight"
        found += [Difference("missing", wish_id, detail) for wish_id in sorted(lost)]
    return Report(
        accepted=len(accepted),
        stored=len(accepted & stored),
        in_flight=in_flight,
        dead_lettered=len(accepted & dead - stored),
        unpromised=len(stored - accepted),
        dead_letters=count,
        differences=found,
    )


def _stored(stores: Stores) -> tuple[Picture, list[Difference]]:
    streams: dict[str, list[Commit]] = {}
    wrong: list[Difference] = []
    for item in stores.commits():
        wish_id, version = wish_of(item["stream"]["S"]), item["version"]["N"]
        if has_tag(values_of(item)):
            wrong.append(Difference("tag", wish_id, f"version {version} holds text with < or >"))
        try:
            streams.setdefault(wish_id, []).append(commit_of(item))
        except UnreadableCommit as error:
            wrong.append(Difference("unreadable", wish_id, f"version {version}: {error.reason}"))
    return Picture(stored={wish_id: Stored.of(commits) for wish_id, commits in streams.items()}), wrong


def _add_read_model(stores: Stores, picture: Picture) -> list[Difference]:
    """Add the current generation to the picture. Return what cannot be read or should not be there."""
    current = stores.read_model.generations().current
    wrong: list[Difference] = []
    for entry in stores.read_model.scan((current,)):
        if has_tag(entry.values):
            wrong.append(Difference("tag", entry.name, "its row holds text with < or >"))
        try:
            _add(picture, entry)
        except (ValueError, KeyError, TypeError, AttributeError):
            detail = f"{current}#{entry.shelf} {entry.name} is of no known form: rebuild"
            wrong.append(Difference("unreadable", None, detail))
    return wrong


def _add(picture: Picture, entry: Entry) -> None:
    match entry.shelf:
        case "totals":
            picture.totals = {name: int(count) for name, count in entry.values.items()}
        case "feed":
            shown = feed_entry({"sk": entry.name, **entry.values})
            picture.feed[shown["position"]] = shown["wishes"]
            for minute, totals in shown["minutes"].items():
                picture.minutes.setdefault(minute, Counter()).update(totals)
        case "news":
            moderated = news_entry({"sk": entry.name, **entry.values})
            picture.news[moderated["position"]] = list(moderated["versions"])
        case shelf:
            picture.rows.append((shelf, entry.name, entry.values))


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
