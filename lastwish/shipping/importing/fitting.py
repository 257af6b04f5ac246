"""Make a wish of a row, by the door and the rules of a posted one. What does not fit says why, without a text."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from domain.envelope import Envelope, timestamp
from domain.events import WishAccepted, WishSubmitted
from domain.rules import judge
from domain.screening import HeldWords, screen
from frontend.submission import MAX_BYTES, read_body
from lastwish.promises import import_id
from lastwish.shipping.importing.mapping import FieldOf, Mapping, TimeOf
from lastwish.shipping.importing.sources import Row
from web.problems import Problem
from worker.boarding import DecidedWish

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_NO_KEY = UUID(int=0)  # the id that the door gives to a wish is not used


class Unfit(Exception):  # noqa: N818 - it is no error of ours
    """A row makes no wish. It says why, in a sentence without anything of the row."""


@dataclass(frozen=True)
class Rules:
    """Settings of the parser: destinations that are closed, and words for which a wish is held."""

    closed: frozenset[str]
    words: HeldWords


def wish_id_of(source: str, key: Iterable[str | None]) -> str:
    """Return the id of a row's wish: a UUID of version 5 in the source's own namespace.

    Of a key of several columns the name is their JSON list. Raises Unfit.
    """
    texts = list(key)
    if None in texts:
        raise Unfit("key: There is none, as in a line that is no JSON in UTF-8.")
    name = str(texts[0]) if len(texts) == 1 else json.dumps(texts)
    try:
        return str(uuid5(uuid5(NAMESPACE_URL, f"urn:lastwish:import:{source}"), name))
    except UnicodeEncodeError:
        raise Unfit("key: This is not UTF-8.") from None


@dataclass(frozen=True)
class Fitter:
    """Makes wishes of the rows of one source. ``duplicates`` are keys that more than one row has."""

    mapping: Mapping
    rules: Rules
    duplicates: frozenset[tuple[str | None, ...]]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def fit(self, row: Row) -> DecidedWish:
        """Return the wish with its verdict. Raises Unfit."""
        if row.key in self.duplicates:
            raise Unfit("key: Other rows have the same.")
        wish_id = wish_id_of(self.mapping.source, row.key)
        submitted, time = self._submitted(row), self._time(row)
        verdict = judge(submitted, closed=self.rules.closed)
        held = screen(submitted, self.rules.words) if isinstance(verdict, WishAccepted) else None
        envelope = Envelope(
            id=import_id(wish_id),
            source="lastwish/import",
            type=submitted.type,
            subject=wish_id,
            time=time,
            correlationid=self.mapping.origin,
            data={},
        )
        return DecidedWish([envelope], submitted, verdict, held)

    def _submitted(self, row: Row) -> WishSubmitted:
        wish = {
            "message": _mapped("message", self.mapping.message, row.message),
            "destination": _mapped("destination", self.mapping.destination, row.destination),
            "name": _mapped("name", self.mapping.name, row.name),
        }
        for field, value in wish.items():
            if isinstance(value, str) and len(value) > MAX_BYTES:
                raise Unfit(f"{field}: A wish is at most {MAX_BYTES} bytes.")
            if not isinstance(value, str | None):
                raise Unfit(f"{field}: This must be text.")
        try:
            body = json.dumps(wish, ensure_ascii=False).encode()
            return read_body(body, "application/json", None, _NO_KEY).event
        except UnicodeEncodeError:
            raise Unfit("text: This is not UTF-8.") from None
        except Problem as problem:
            raise Unfit(problem.detail) from None

    def _time(self, row: Row) -> datetime:
        try:
            time = _moment(self.mapping.time, str(_mapped("time", self.mapping.time, row.time)))
            is_past = _EARLIEST <= time <= self.clock()
        except (ValueError, OverflowError, OSError):
            raise Unfit("time: This is no time of the mapping's format.") from None
        if not is_past:
            raise Unfit("time: This is before 1970 or in the future.")
        return datetime.fromisoformat(timestamp(time))  # as it is stored


def _mapped(field: str, origin: FieldOf, value: object) -> object:
    if not origin.values or origin.constant is not None:
        return value
    if value is None or str(value) not in origin.values:
        raise Unfit(f"{field}: The mapping's values have nothing for this.")
    return origin.values[str(value)]


def _moment(of: TimeOf, text: str) -> datetime:
    """Return a time with a zone. Raises ValueError, OverflowError, OSError."""
    match of.format:
        case "epoch_s":
            return datetime.fromtimestamp(float(text), UTC)
        case "epoch_ms":
            return datetime.fromtimestamp(float(text) / 1000, UTC)
        case "iso":
            time = datetime.fromisoformat(text)
        case form:
            time = datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows
    return time if time.tzinfo else time.replace(tzinfo=ZoneInfo(of.zone))
