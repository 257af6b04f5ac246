"""What a crowd costs the stage, with and without the cache in front: arithmetic, no load. ``python -m bench.caching``.

How long each answer may be kept, how many files a page has and what they weigh is asked of the frontend itself. The
rest is assumed, and stands below. The prices are AWS's public ones for us-east-1, before any free tier.
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

PEOPLE = 65_000
CROWD = 60  # seconds in which all of them open the form, send, and look at their receipt
SHOW = 3600  # seconds for which the walls ask, each for the feed every second, for the manifest every other
WALLS = 20
EDGES = 3  # CloudFront caches that a hall meets; requests for the same thing collapse into one in each of them
POLLS = 5  # times that a receipt asks again: three while the wish travels, two until the wall may show it

LAMBDA_SECONDS = 0.02  # a warm answer, at 512 MB
READ_UNITS = {"receipt": 1.0, "receipt, asked again": 1.0, "wall: feed": 4.0, "wall: manifest": 2.0}
JSON_BYTES = {"wish": 200, "receipt, asked again": 1000, "wall: feed": 4000, "wall: manifest": 200}

# Dollars. The first four from the facts that all cost models here use.
REST_REQUEST = 3.50e-6
LAMBDA_REQUEST = 0.20e-6
LAMBDA_SECOND = 0.5 * 0.0000133334  # 512 MB on arm64
READ_UNIT = 0.125e-6
AWS_OUT = 0.09e-9  # a byte to the internet
EDGE_REQUEST = 1.00e-6  # CloudFront, https, North America and Europe
EDGE_FUNCTION = 0.10e-6
EDGE_OUT = 0.085e-9

_COUNTS = ("asked", "at_the_stage")
_PRICES = ("dollars_without", "dollars_with")
_ID = "5b0e9a7e-0000-4000-8000-000000000000"
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
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
class Answer:
    """What is asked for, how often, and what the frontend says of keeping it: seconds in a shared cache, 0 for not.

    ``copies`` is how many there are at one edge: languages, files. ``span`` is the seconds over which it is asked for.
    """

    name: str
    asked: int
    kept: int
    copies: int
    span: int
    size: int  # bytes that travel, each time
    passes_the_function: bool = False

    @property
    def at_the_stage(self) -> int:
        """Requests that come through the cache. The first one of each copy, at each edge, in each of its lifetimes."""
        if not self.kept:
            return self.asked
        return min(self.asked, EDGES * self.copies * math.ceil(self.span / self.kept))

    def dollars(self, *, cached: bool) -> float:
        of_stage = REST_REQUEST + LAMBDA_REQUEST + LAMBDA_SECONDS * LAMBDA_SECOND + self._read_units * READ_UNIT
        if not cached:
            return self.asked * (of_stage + self.size * AWS_OUT)
        at_the_edge = EDGE_REQUEST + self.size * EDGE_OUT + (EDGE_FUNCTION if self.passes_the_function else 0)
        return self.asked * at_the_edge + self.at_the_stage * of_stage

    @property
    def _read_units(self) -> float:
        return READ_UNITS.get(self.name, 0.0)


def measure() -> list[dict[str, Any]]:
    """One row per kind of answer."""
    return [
        {
            "answer": each.name,
            "kept_seconds": each.kept,
            "asked_within_seconds": each.span,
            "asked": each.asked,
            "at_the_stage": each.at_the_stage,
            "dollars_without": round(each.dollars(cached=False), 4),
            "dollars_with": round(each.dollars(cached=True), 4),
        }
        for each in answers()
    ]


def answers() -> list[Answer]:
    """The crowd's requests, and the walls', in the order in which they are made."""
    with _frontend() as frontend:
        form, receipt = _page(frontend, "/"), _page(frontend, f"/wishes/{_ID}")
        feed, manifest = (_get(frontend, path) for path in ("/wishes", "/manifest"))
    files = form.files | receipt.files
    kept = min(found.kept for found in files.values())
    size = sum(found.size for found in files.values()) // len(files)
    asked = WALLS * SHOW
    return [
        Answer("form", PEOPLE, form.kept, 2, CROWD, form.size, passes_the_function=True),
        Answer("its files, and the receipt's", PEOPLE * len(files), kept, len(files), CROWD, size),
        Answer("wish", PEOPLE, 0, 1, CROWD, JSON_BYTES["wish"]),
        Answer("receipt", PEOPLE, receipt.kept, 1, CROWD, receipt.size),
        Answer("receipt, asked again", PEOPLE * POLLS, receipt.kept, 1, CROWD, JSON_BYTES["receipt, asked again"]),
        # Two copies: while wishes arrive, some walls are a cursor behind the others.
        Answer("wall: feed", asked, feed.kept, 2, SHOW, JSON_BYTES["wall: feed"]),
        Answer("wall: manifest", asked // 2, manifest.kept, 1, SHOW, JSON_BYTES["wall: manifest"]),
    ]


@dataclass(frozen=True)
class _Found:
    kept: int
    size: int
    files: dict[str, "_Found"]


def _page(frontend: ModuleType, path: str) -> _Found:
    """A page with the files that it names."""
    found = _get(frontend, path)
    names = sorted(set(re.findall(r"assets/[\w.-]+", _ask(frontend, path)["body"])))
    return _Found(found.kept, found.size, {name: _get(frontend, f"/{name}") for name in names})


def _get(frontend: ModuleType, path: str) -> _Found:
    answer = _ask(frontend, path)
    said = dict(re.findall(r"(s-maxage|max-age)=(\d+)", " ".join(answer["multiValueHeaders"]["Cache-Control"])))
    kept = int(said.get("s-maxage") or said.get("max-age") or 0)
    return _Found(kept, len(gzip.compress(answer["body"].encode())), {})


def _ask(frontend: ModuleType, path: str) -> dict[str, Any]:
    event = {
        "httpMethod": "GET",
        "path": path,
        "headers": {"accept": "text/html"},
        "queryStringParameters": None,
        "requestContext": {"stage": "dev", "domainName": "lastwish.invalid", "requestId": "bench"},
    }
    answer: dict[str, Any] = frontend.app.resolve(event, None)
    if answer["statusCode"] != HTTPStatus.OK:
        raise RuntimeError(f"{path}: {answer['statusCode']} {answer['body']}")
    return answer


class _OneWish:
    """A store with one wish and a read model with none: what is kept how long does not depend on it."""

    def read(self, stream: str) -> list[Any]:
        from domain.commit import Commit, Recorded
        from domain.events import WishAccepted, WishSubmitted
        from domain.seats import Seat
        from domain.wish import RecordWish, decide

        submitted = WishSubmitted(destination="mars", name="Ana", message="Water my olive tree.", digest="0" * 64)
        now = datetime.now(UTC)
        events = decide(RecordWish(submitted, WishAccepted(), Seat("mars", 1)), None)
        return [Commit(stream, 1, "", now, "", None, tuple(Recorded(event, now) for event in events))]

    def generations(self) -> Any:
        from infra.read_model import Generations

        return Generations()

    def totals(self, _: int) -> dict[str, int]:
        return {}

    def feed(self, *_: int) -> list[Any]:
        return []

    news = feed

    def rows(self, *_: Any) -> dict[str, Any]:
        return {}


@contextmanager
def _frontend() -> Iterator[ModuleType]:
    """The handler that Lambda loads, over next to nothing."""
    with patch.dict(os.environ, _ENVIRONMENT):
        from frontend import handler

        with patch.multiple(handler, store=_OneWish(), read_model=_OneWish()):
            yield handler


def table(rows: list[dict[str, Any]]) -> Table:
    """The rows with their sums, and below them the stage's rate while the crowd is there."""
    found = Table(title=f"{PEOPLE:,} phones in {CROWD} s, {WALLS} walls for {SHOW // 60} min: requests and dollars")
    for column in ("answer", "kept (s)", "asked for", "reach the stage", "without CDN ($)", "with CDN ($)"):
        found.add_column(column, justify="left" if column == "answer" else "right")
    sums = {name: sum(row[name] for row in rows) for name in (*_COUNTS, *_PRICES)}
    for row in [*rows, {"answer": "together", "kept_seconds": "", **sums}]:
        counts, prices = (f"{row[name]:,}" for name in _COUNTS), (f"{row[name]:.2f}" for name in _PRICES)
        found.add_row(row["answer"], f"{row['kept_seconds']}", *counts, *prices)
    without, cached = (sum(row[name] / row["asked_within_seconds"] for row in rows) for name in _COUNTS)
    found.caption = f"requests a second at the stage while the crowd is there: {without:,.0f}; with CDN {cached:,.0f}"
    return found


if __name__ == "__main__":
    Console(width=110).print(table(measure()))
