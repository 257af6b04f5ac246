"""All requests of a run, in order, decided before the first is sent.

The plan is a JSONL file. Each line is one request, in the order of sending, with the fields of Planned:

    {"number": 0, "at": 0.132841, "kind": "ordinary", "key": "5d3c…", "content_type": "application/json", "body": "{…}"}

number        0, 1, 2, … in the order of sending
at            intended send, seconds since the run began
kind          one of EXPECTED, which says what a right server answers
key           the Idempotency-Key header of every try (of a malformed wish perhaps no UUID)
content_type  the Content-Type header
body          text, to be sent as UTF-8

The same options give the same file, byte for byte, in every process. Its digest is its SHA-256, so that
`sha256sum plan.jsonl` prints it too.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import accumulate
from pathlib import Path
from typing import Any

from lastwish.load import wishes
from lastwish.load.draws import Draws
from lastwish.load.shapes import SHAPES, offsets

EXPECTED: dict[str, frozenset[int]] = {
    "ordinary": frozenset({202}),
    "duplicate": frozenset({202}),  # and the id that the first of them got
    "hostile": frozenset({202}),
    "oversized": frozenset({413}),
    "malformed": frozenset({400, 415, 422}),
}
_SHARES = {"duplicate": "duplicates", "hostile": "hostile", "oversized": "oversized", "malformed": "malformed"}
_LATEST = 50  # a double tap or a retry repeats one of so many latest wishes
_PROFILES = Path(__file__).with_name("profiles.toml")


@dataclass(frozen=True, slots=True)
class Options:
    """What a plan follows from. ``over`` in seconds; the shares of ``wishes`` in 0…1, the rest is ordinary."""

    shape: str = "steady"
    wishes: int = 60
    over: float = 60.0
    seed: int = 1
    duplicates: float = 0.0
    hostile: float = 0.0
    oversized: float = 0.0
    malformed: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError, in words for a person."""
        if self.shape not in SHAPES:
            raise ValueError(f"there is no shape {self.shape!r}, but {', '.join(SHAPES)}")
        if self.wishes < 1 or not 0 < self.over < float("inf"):
            raise ValueError(f"a load has at least one wish and takes some seconds, not {self.wishes} in {self.over:g}")
        shares = [getattr(self, name) for name in _SHARES.values()]
        if not all(0 <= share <= 1 for share in shares) or round(sum(shares), 9) > 1:
            raise ValueError("shares are between 0 and 1, and at most 1 together")
        if self.counts()["duplicate"] and not self.counts()["ordinary"]:
            raise ValueError("a duplicate repeats an ordinary wish: leave room for one")

    def times(self) -> list[float]:
        """All intended sends, sorted, in seconds since the run began."""
        return offsets(self.shape, self.wishes, self.over, self.seed)

    def counts(self) -> dict[str, int]:
        """How many of each kind, exactly."""
        ends = [round(self.wishes * share) for share in accumulate(getattr(self, name) for name in _SHARES.values())]
        counts = {kind: end - begin for kind, begin, end in zip(_SHARES, [0, *ends], ends, strict=False)}
        return {"ordinary": self.wishes - ends[-1], **counts}


@dataclass(frozen=True, slots=True)
class Planned:
    """One request."""

    number: int
    at: float
    kind: str
    key: str
    content_type: str
    body: bytes

    def line(self) -> bytes:
        """As a line of the file."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return json.dumps({**values, "body": self.body.decode()}, separators=(",", ":")).encode() + b"\n"


def planned(line: bytes) -> Planned:
    """The request of a line."""
    values = json.loads(line)
    return Planned(**{**values, "body": values["body"].encode()})


class Plan:
    """All requests that follow from these options."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.requests: list[Planned] = list(_requests(options.times(), _kinds(options), options.seed))

    def digest(self) -> str:
        """SHA-256 over all requests in order, in hex: that of the file."""
        whole = hashlib.sha256()
        for each in self.requests:
            whole.update(each.line())
        return whole.hexdigest()

    def write(self, path: Path) -> None:
        """Write the file that the sender reads."""
        with path.open("wb") as file:
            file.writelines(each.line() for each in self.requests)


def profiles() -> dict[str, dict[str, Any]]:
    """The ready-made loads by name: some fields of Options each, and "about" in words."""
    return tomllib.loads(_PROFILES.read_text())


def _kinds(options: Options) -> list[str]:
    """The kind of each request, shuffled; before the first duplicate stands something to repeat."""
    kinds = [kind for kind, count in options.counts().items() for _ in range(count)]
    Draws(options.seed, "kinds").shuffle(kinds)
    if options.counts()["duplicate"]:
        first, again = kinds.index("ordinary"), kinds.index("duplicate")
        if again < first:
            kinds[first], kinds[again] = kinds[again], kinds[first]
    return kinds


def _requests(times: Iterable[float], kinds: Iterable[str], seed: int) -> Iterator[Planned]:
    texts, keys = Draws(seed, "texts"), Draws(seed, "keys")
    latest: list[Planned] = []
    for number, (at, kind) in enumerate(zip(times, kinds, strict=True)):
        if kind == "duplicate":
            first = keys.one_of(latest)
            yield Planned(number, at, kind, first.key, first.content_type, first.body)
            continue
        request = wishes.MAKERS[kind](texts)
        key = request.key or str(keys.uuid())
        made = Planned(number, at, kind, key, request.content_type, request.body)
        if kind == "ordinary":
            latest = [*latest[-_LATEST + 1 :], made]
        yield made
