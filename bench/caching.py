"""Calculate what a crowd costs with and without the cache in front, without any load. ``python -m bench.caching``.

The frontend itself gives the lifetime of each answer, the files of each page and their sizes. All else is assumed, in
the constants below. The prices are AWS's public ones for us-east-1, before any free tier.
"""

import gzip
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from types import ModuleType
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from bench import BenchFailed
from domain.commit import Commit, Recorded
from domain.events import WishAccepted, WishSubmitted
from domain.seats import Seat
from domain.wish import RecordWish, decide
from infra.read_model import Generations
from lastwish.observe.prices import EDGE_REQUEST, LAMBDA_GB_SECOND, LAMBDA_REQUEST, READ_UNIT, REST_REQUEST

PEOPLE = 65_000
CROWD = 60  # seconds in which all of them open the form, send, and load their receipt
SHOW = 3600  # seconds in which each wall polls the feed every second and the manifest every other second
WALLS = 20
EDGES = 3  # CloudFront caches that a hall reaches; each of them collapses equal requests into one
POLLS = 5  # of a receipt: three while the wish travels, two until the wall may show it

LAMBDA_SECONDS = 0.02  # a warm answer, at 512 MB
READ_UNITS = {"receipt": 1.0, "receipt, asked again": 1.0, "wall: feed": 4.0, "wall: manifest": 2.0}
JSON_BYTES = {
    "wish": 200,
    "receipt, asked again": 1000,
    "receipt: stage": 200,
    "wall: feed": 4000,
    "wall: manifest": 200,
}

# Dollars, for what no other cost model here has.
LAMBDA_SECOND = 0.5 * LAMBDA_GB_SECOND["arm64"]  # 512 MB
AWS_OUT = 0.09e-9  # a byte to the internet
EDGE_FUNCTION = 0.10e-6
EDGE_OUT = 0.085e-9
FIREWALL_REQUEST = 0.60e-6  # at the stage, which only CloudFront reaches; its rules cost a few dollars a month besides

_COUNTS = ("asked", "at_the_stage")
_PRICES = ("dollars_without", "dollars_with")
_ID = "5b0e9a7e-0000-4000-8000-000000000000"
_ENVIRONMENT = {
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "none"),
    "AWS_DEFAULT_REGION": "us-east-1",
    "INBOX_URL": "",
    "EVENT_STORE": "",
    "READ_MODEL": "",
    "PUBLIC_URL": "https://lastwish.invalid/",
    "MARS_SEATS": "40000",
    "JUPITER_SEATS": "25000",
    "POWERTOOLS_METRICS_NAMESPACE": "LastWish",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "POWERTOOLS_TRACE_DISABLED": "true",
}


@dataclass(frozen=True)
class Traffic:
    """Requests for one kind of answer. ``lifetime`` is its time in a shared cache in seconds; 0: it is not cached.

    ``copies`` is the number of variants in one edge: languages, files. ``span`` is the duration of the requests in
    seconds.
    """

    name: str
    requests: int
    lifetime: int
    copies: int
    span: int
    size: int  # bytes sent for one request
    runs_edge_function: bool = True

    @property
    def at_the_stage(self) -> int:
        """Requests that the cache passes on: the first one for each copy, at each edge, in each of its lifetimes."""
        if not self.lifetime:
            return self.requests
        return min(self.requests, EDGES * self.copies * math.ceil(self.span / self.lifetime))

    def dollars(self, *, cached: bool) -> float:
        """Price of all requests."""
        read_units = READ_UNITS.get(self.name, 0.0)
        at_stage = REST_REQUEST + LAMBDA_REQUEST + LAMBDA_SECONDS * LAMBDA_SECOND + read_units * READ_UNIT
        if not cached:
            return self.requests * (at_stage + self.size * AWS_OUT)
        at_edge = EDGE_REQUEST + self.size * EDGE_OUT + (EDGE_FUNCTION if self.runs_edge_function else 0)
        return self.requests * at_edge + self.at_the_stage * (at_stage + FIREWALL_REQUEST)


def measure() -> list[dict[str, Any]]:
    """Return one row per kind of answer."""
    return [
        {
            "answer": traffic.name,
            "kept_seconds": traffic.lifetime,
            "asked_within_seconds": traffic.span,
            "asked": traffic.requests,
            "at_the_stage": traffic.at_the_stage,
            "dollars_without": round(traffic.dollars(cached=False), 4),
            "dollars_with": round(traffic.dollars(cached=True), 4),
        }
        for traffic in _traffic()
    ]


def _traffic() -> list[Traffic]:
    """Return the requests of the crowd and of the walls, in their order in time."""
    with _frontend() as frontend:
        form, receipt, feed, manifest = (
            _get(frontend, path) for path in ("/", f"/wishes/{_ID}", "/wishes", "/manifest")
        )
        # At first visit: those that the pages name otherwise are loaded in a show, or when somebody opens a trace.
        names = sorted(set(re.findall(r'(?:src|href)="(?:\.\./)*(assets/[\w.-]+)"', form.body + receipt.body)))
        files = [_get(frontend, f"/{name}") for name in names]
    lifetime = min(file.lifetime for file in files)
    size = sum(file.size for file in files) // len(files)
    polls = WALLS * SHOW
    return [
        Traffic("form", PEOPLE, form.lifetime, 2, CROWD, form.size),
        Traffic("its files, and the receipt's", PEOPLE * len(files), lifetime, len(files), CROWD, size, False),
        Traffic("wish", PEOPLE, 0, 1, CROWD, JSON_BYTES["wish"]),
        Traffic("receipt", PEOPLE, receipt.lifetime, 1, CROWD, receipt.size),
        Traffic("receipt, asked again", PEOPLE * POLLS, receipt.lifetime, 1, CROWD, JSON_BYTES["receipt, asked again"]),
        # Whether there is a show, as on a laptop: there is none, and the error is not kept.
        Traffic("receipt: stage", PEOPLE, 0, 1, CROWD, JSON_BYTES["receipt: stage"]),
        # Two copies: while wishes arrive, some walls are a cursor behind the others.
        Traffic("wall: feed", polls, feed.lifetime, 2, SHOW, JSON_BYTES["wall: feed"]),
        Traffic("wall: manifest", polls // 2, manifest.lifetime, 1, SHOW, JSON_BYTES["wall: manifest"], False),
    ]


@dataclass(frozen=True)
class _Answer:
    body: str
    lifetime: int  # seconds in a shared cache

    @property
    def size(self) -> int:
        """Bytes after compression."""
        return len(gzip.compress(self.body.encode()))


def _get(frontend: ModuleType, path: str) -> _Answer:
    event = {
        "httpMethod": "GET",
        "path": path,
        "headers": {"accept": "text/html"},
        "queryStringParameters": None,
        "requestContext": {"stage": "dev", "domainName": "lastwish.invalid", "requestId": "bench"},
    }
    answer: dict[str, Any] = frontend.app.resolve(event, None)
    if answer["statusCode"] != HTTPStatus.OK:
        raise BenchFailed(f"{path}: {answer['statusCode']} {answer['body']}")
    directives = dict(re.findall(r"(s-maxage|max-age)=(\d+)", " ".join(answer["multiValueHeaders"]["Cache-Control"])))
    return _Answer(answer["body"], int(directives.get("s-maxage") or directives.get("max-age") or 0))


class _OneWish:
    """A store with one wish and a read model with none: no lifetime depends on them."""

    def read(self, stream: str) -> list[Commit]:
        submitted = WishSubmitted(destination="mars", name="Ana", message="Water my olive tree.", digest="0" * 64)
        now = datetime.now(UTC)
        events = decide(RecordWish(submitted, WishAccepted(), Seat("mars", 1)), None)
        return [Commit(stream, 1, "", now, "", None, tuple(Recorded(event, now) for event in events))]

    def generations(self) -> Generations:
        return Generations()

    def totals(self, _: int) -> dict[str, int]:
        return {}

    def ends(self, _: int) -> tuple[int, int]:
        return 0, 0

    def feed(self, *_: int) -> list[Any]:
        return []

    news = feed

    def rows(self, *_: Any) -> dict[str, Any]:
        return {}


@contextmanager
def _frontend() -> Iterator[ModuleType]:
    """Load the frontend's handler over stores that are nearly empty."""
    with patch.dict(os.environ, _ENVIRONMENT):
        from frontend import handler

        with patch.multiple(handler, store=_OneWish(), read_model=_OneWish()):
            yield handler


def as_table(rows: list[dict[str, Any]]) -> Table:
    """Return the rows with their sums, and the requests per second at the stage while the crowd is there."""
    table = Table(title=f"{PEOPLE:,} phones in {CROWD} s, {WALLS} walls for {SHOW // 60} min: requests and dollars")
    for column in ("answer", "kept (s)", "asked for", "reach the stage", "without CDN ($)", "with CDN ($)"):
        table.add_column(column, justify="left" if column == "answer" else "right")
    sums = {name: sum(row[name] for row in rows) for name in (*_COUNTS, *_PRICES)}
    for row in [*rows, {"answer": "together", "kept_seconds": "", **sums}]:
        counts, prices = (f"{row[name]:,}" for name in _COUNTS), (f"{row[name]:.2f}" for name in _PRICES)
        table.add_row(row["answer"], f"{row['kept_seconds']}", *counts, *prices)
    without, cached = (sum(row[name] / row["asked_within_seconds"] for row in rows) for name in _COUNTS)
    table.caption = f"requests a second at the stage while the crowd is there: {without:,.0f}; with CDN {cached:,.0f}"
    return table


if __name__ == "__main__":
    Console(width=110).print(as_table(measure()))
