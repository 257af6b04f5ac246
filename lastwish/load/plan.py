"""All requests of a load, in order, made before the first is sent.

The plan is a JSONL file. Each line is one request, in the order of sending, with the fields of PlannedRequest:

    {"number": 0, "at": 0.132841, "kind": "ordinary", "key": "5d3c…", "content_type": "application/json", "body": "{…}"}

number        0, 1, 2, … in the order of sending
at            intended send, seconds since the load began
kind          one of EXPECTED, which has the right answers to it
key           the Idempotency-Key header of every try (of a malformed wish it may be no UUID)
content_type  its Content-Type header
body          text, to be sent as UTF-8

The same options give the same file, byte for byte, in every process. Its digest is its SHA-256, so that
`sha256sum plan.jsonl` prints it too.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict

from lastwish.load import wishes
from lastwish.load.seeded import SeededRandom
from lastwish.load.shapes import SHAPES, send_times

EXPECTED: dict[str, frozenset[int]] = {
    "ordinary": frozenset({202}),
    "duplicate": frozenset({202}),  # and the wish id of the first
    "hostile": frozenset({202}),
    "oversized": frozenset({413}),
    "malformed": frozenset({400, 415, 422}),
}
_SHARES = {"duplicate": "duplicates", "hostile": "hostile", "oversized": "oversized", "malformed": "malformed"}
LONGEST = 604_800.0  # seconds: a week
_LATEST = 50  # a double tap repeats one of so many latest wishes
_PROFILES = Path(__file__).with_name("profiles.toml")


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Options of a plan. ``over`` in seconds; the shares of ``wishes`` in 0…1, the rest is ordinary."""

    shape: str = "steady"
    wishes: int = 60
    over: float = 60.0
    seed: int = 1
    duplicates: float = 0.0
    hostile: float = 0.0
    oversized: float = 0.0
    malformed: float = 0.0

    __pydantic_config__ = ConfigDict(extra="forbid")  # where a file has them

    def __post_init__(self) -> None:
        """Check the values. Raises ValueError, in words for a person."""
        if self.shape not in SHAPES:
            raise ValueError(f"there is no shape {self.shape!r}: take one of {', '.join(SHAPES)}")
        if self.wishes < 1 or not 0 < self.over <= LONGEST:
            raise ValueError(f"a load has one wish or more in up to a week, not {self.wishes} in {self.over:g} s")
        shares = [getattr(self, name) for name in _SHARES.values()]
        if not all(0 <= share <= 1 for share in shares) or round(sum(shares), 9) > 1:
            raise ValueError("each share is between 0 and 1, and together they are at most 1")
        if self.counts()["duplicate"] and not self.counts()["ordinary"]:
            raise ValueError("a duplicate repeats an ordinary wish: lower the shares so that there is one")

    def times(self) -> list[float]:
        """Return all intended sends, sorted, in seconds since the load began."""
        return send_times(self.shape, self.wishes, self.over, self.seed)

    def counts(self) -> dict[str, int]:
        """Return the exact number of each kind."""
        ends = [round(self.wishes * share) for share in accumulate(getattr(self, name) for name in _SHARES.values())]
        counts = {kind: end - begin for kind, begin, end in zip(_SHARES, [0, *ends], ends, strict=False)}
        return {"ordinary": self.wishes - ends[-1], **counts}


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One request."""

    number: int
    at: float
    kind: str
    key: str
    content_type: str
    body: bytes

    def line(self) -> bytes:
        """Return it as a line of the file."""
        values = {**asdict(self), "body": self.body.decode()}
        return json.dumps(values, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Return the request of a line."""
        values = json.loads(line)
        return cls(**{**values, "body": values["body"].encode()})


class Plan:
    """All requests that follow from these options.

    The same options have the same keys: sent twice they are the same wishes. Other ``people`` have keys of their own.
    """

    def __init__(self, options: PlanOptions, people: str = "keys") -> None:
        self.options = options
        texts, keys = SeededRandom(options.seed, "texts"), SeededRandom(options.seed, people)
        self.requests = list(_requests(options.times(), _kinds(options), texts, keys))

    def digest(self) -> str:
        """Return the SHA-256 of the file, in hex."""
        return hashlib.sha256(b"".join(request.line() for request in self.requests)).hexdigest()

    def write(self, path: Path) -> None:
        """Write the file that the sender reads."""
        with path.open("wb") as file:
            file.writelines(request.line() for request in self.requests)


def profiles() -> dict[str, dict[str, Any]]:
    """Return the ready-made loads by name: some fields of PlanOptions each, and "about" in words."""
    return tomllib.loads(_PROFILES.read_text())


def _kinds(options: PlanOptions) -> list[str]:
    """Return the kind of each request, shuffled; an ordinary wish comes before the first duplicate."""
    kinds = [kind for kind, count in options.counts().items() for _ in range(count)]
    SeededRandom(options.seed, "kinds").shuffle(kinds)
    if options.counts()["duplicate"]:
        first, again = kinds.index("ordinary"), kinds.index("duplicate")
        if again < first:
            kinds[first], kinds[again] = kinds[again], kinds[first]
    return kinds


def _requests(
    times: Iterable[float], kinds: Iterable[str], texts: SeededRandom, keys: SeededRandom
) -> Iterator[PlannedRequest]:
    latest: list[PlannedRequest] = []
    for number, (at, kind) in enumerate(zip(times, kinds, strict=True)):
        if kind == "duplicate":
            first = keys.choice(latest)
            yield PlannedRequest(number, at, kind, first.key, first.content_type, first.body)
            continue
        wish = wishes.MAKERS[kind](texts)
        key = wish.key or str(keys.uuid())
        request = PlannedRequest(number, at, kind, key, wish.content_type, wish.body)
        if kind == "ordinary":
            latest = [*latest[-_LATEST + 1 :], request]
        yield request
