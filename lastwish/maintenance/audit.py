"""The audit: was every promise kept, and do the stores tell the same story?

    distinct wish ids answered 202  =  stored + in flight + dead-lettered + parked

What was promised comes from a record that the chain does not write (the proxy's ledger, or
API Gateway's access log). It is read first and the
store after the queues were counted, so a wish that moves while we look is found at least once. SQS cannot be searched:
what is neither stored nor dead counts as in flight as long as the work queues hold at least that many messages.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from domain.errors import MalformedMessage
from infra.event_store import commit_of
from infra.read_model import feed_entry, news_entry
from lastwish.aws.clients import plain_errors
from lastwish.maintenance import dead_letters
from lastwish.maintenance.checks import Difference, Picture, Stored, differences
from lastwish.maintenance.stores import Item, Stores

_deserialise = TypeDeserializer().deserialize
_PAUSE = 0.5


@dataclass(frozen=True)
class Report:
    """Numbers of wishes, and what is wrong. ``unpromised`` are stored although no 202 for them is on record."""

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
        """Nothing differs."""
        return not self.differences

    def facts(self) -> dict[str, object]:
        """As a JSON object."""
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
    """Look until all is well, or until the chain had ``settle`` seconds to come to rest.

    ``promises`` reads anew which wishes were answered 202. Raises AwsError.
    """
    deadline = time.monotonic() + settle
    with plain_errors():
        while True:
            while stores.waiting("Inbox", "Pods") and time.monotonic() < deadline:
                time.sleep(_PAUSE)
            report = look(stores, promises())
            if (report.ok and not report.in_flight) or time.monotonic() >= deadline:
                return report
            note(f"{len(report.differences)} differences, {report.in_flight} in flight: looking again")
            time.sleep(_PAUSE)


def look(stores: Stores, promises: Iterable[str]) -> Report:
    """One look at everything."""
    accepted = set(promises)
    waiting = stores.waiting("Inbox", "Pods")
    picture, unreadable = _stored(stores)
    with dead_letters.held(stores) as letters:
        dead = frozenset[str]().union(*(letter.wish_ids for letter in letters))
        count = len(letters)
    unreadable += _read_model(stores, picture)
    picture.marks = stores.seats.marks()
    picture.free = {each: set(stores.seats.free(each)) for each in ("mars", "jupiter")}
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
    streams: dict[str, list[Any]] = {}
    wrong: list[Difference] = []
    for page in stores.scan("EventStore"):
        for item in page:
            wish_id = item["stream"]["S"].removeprefix("wish#")
            version = item["version"]["N"]
            if has_tag(item):
                wrong.append(Difference("tag", wish_id, f"version {version} holds text with < or >"))
            try:
                streams.setdefault(wish_id, []).append(commit_of(item))
            except (MalformedMessage, ValueError, KeyError, TypeError) as error:
                wrong.append(Difference("unreadable", wish_id, f"version {version}: {type(error).__name__}"))
    return Picture(stored={wish_id: Stored.of(commits) for wish_id, commits in streams.items()}), wrong


def _read_model(stores: Stores, picture: Picture) -> list[Difference]:
    """Put the generation that is read into the picture; gives the rows with tags."""
    prefix = f"{stores.read_model.generations().current}#"
    wrong: list[Difference] = []
    for page in stores.scan("ReadModel"):
        for item in page:
            if not item["pk"]["S"].startswith(prefix):
                continue
            if has_tag(item):
                wrong.append(Difference("tag", item["sk"]["S"], "its row holds text with < or >"))
            try:
                _place(picture, {name: _deserialise(value) for name, value in item.items()})
            except (ValueError, KeyError, TypeError, AttributeError):
                detail = f"{item['pk']['S']} {item['sk']['S']} is of no known form: rebuild"
                wrong.append(Difference("unreadable", None, detail))
    return wrong


def _place(picture: Picture, item: dict[str, Any]) -> None:
    kind, sk = item.pop("pk").partition("#")[2], item["sk"]
    match kind:
        case "totals":
            picture.totals = {name: int(count) for name, count in item.items() if name != "sk"}
        case "feed":
            entry = feed_entry(item)
            picture.feed[entry["position"]] = entry["wishes"]
            for minute, totals in entry["minutes"].items():
                picture.minutes.setdefault(minute, Counter()).update(totals)
        case "news":
            entry = news_entry(item)
            picture.news[entry["position"]] = list(entry["versions"])
        case _:
            del item["sk"]
            picture.rows.append((kind, sk, item))


def has_tag(item: Item) -> bool:
    """Whether any text in an item, however deep, holds what could begin or end a tag."""
    return any("<" in text or ">" in text for text in _texts({"M": item}))


def _texts(value: Any) -> Iterator[str]:
    [(kind, inside)] = value.items()
    match kind:
        case "S":
            yield inside
        case "SS":
            yield from inside
        case "M":
            for each in inside.values():
                yield from _texts(each)
        case "L":
            for each in inside:
                yield from _texts(each)
