"""Measure what a call takes as the store grows. See ``python -m bench.growth --help``.

No wish is sent to fill it: commits go straight through the event store's adapter, 25 in a call, and the projector's own
function projects them here, in slices of ten as a batch of the worker is. A hundred wishes are held, the others are
shown at once. The calls are those of a phone, a wall and the console, in multiples of ``/health`` of the
same run; or, on DynamoDB Local, where no function runs, those of the adapters beside one GetItem, with read units.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import batched
from statistics import median
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer
from rich.console import Console
from rich.table import Table

from bench import BenchFailed, NotMeasured
from bench.throughput import WISH, agent_suspended
from bench.units import Meter
from domain.commit import Commit, Recorded, stream_of
from domain.events import WishAccepted, WishHeld, WishSubmitted
from domain.seats import Seat
from domain.wish import RecordWish, decide
from infra.event_store import EventStore
from infra.read_model import ReadModel
from lastwish.aws.clients import Endpoint, engine_client
from projector.projecting import project
from tests.support import template
from tests.support.dynamodb_local import dynamodb_local
from tests.support.laptop import Stack, a_stack, operator_account, wait_until
from tests.support.npm import Unavailable
from web import wall

STORED = (1_000, 10_000)  # 100,000 take a minute and a half more: python -m bench.growth 1000 10000 100000
ROUNDS = 20
_SLICE = 10
_HELD = 100
_BASE = "health"
_PAGE = "100"
_WRITES = 25  # of a BatchWriteItem

type Calls = dict[str, Callable[[], object]]
type Row = dict[str, float]


class _InBatches:
    """A client of DynamoDB for ``EventStore.append`` that writes 25 items in a call, without their conditions."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self._items: list[Any] = []

    def put_item(self, **put: Any) -> None:
        self._items.append((put["TableName"], put["Item"]))

    def write(self) -> None:
        """Write what was put."""
        for some in batched(self._items, _WRITES, strict=False):
            left: Any = {some[0][0]: [{"PutRequest": {"Item": item}} for _, item in some]}
            while left:
                left = self._dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]
        self._items.clear()


class Filled:
    """Two tables that grow. ``wish_ids`` are those of the stored wishes, the oldest first."""

    def __init__(self, dynamodb: Any, event_store: str, read_model: str) -> None:
        self._writer = _InBatches(dynamodb)
        self._appender = EventStore(self._writer, event_store)  # type: ignore[arg-type]
        self.store, self.model = EventStore(dynamodb, event_store), ReadModel(dynamodb, read_model)
        self.wish_ids: list[str] = []

    def grow(self, stored: int) -> None:
        """Store and project wishes until there are so many."""
        while len(self.wish_ids) < stored:
            commits = [self._commit() for _ in range(min(_SLICE, stored - len(self.wish_ids)))]
            for commit in commits:
                self._appender.append(commit)
            self._writer.write()
            project(self.store, self.model, self.model.generations().current, commits)

    def _commit(self) -> Commit:
        number, wish_id, now = len(self.wish_ids), str(uuid4()), datetime.now(UTC)
        self.wish_ids.append(wish_id)
        wish = WishSubmitted(destination="jupiter", name=WISH["name"], message=WISH["message"], digest="0" * 64)
        held = WishHeld(reason="word") if number < _HELD else None
        events = decide(RecordWish(wish, WishAccepted(), Seat("jupiter", number + 1), held), None)
        recorded = tuple(Recorded(event, now) for event in events)
        return Commit(stream_of(wish_id), 1, wish_id, now, wish_id, None, recorded)


def measure(stored: tuple[int, ...], rounds: int) -> list[Row]:
    """Return a row for each number of stored wishes, in a stack of its own: multiples of ``/health``, by call.

    Raises BenchFailed.
    """
    with a_stack() as stack, agent_suspended(stack):
        tables = (stack.outputs[f"{name}Name"] for name in ("EventStore", "ReadModel"))
        filled = Filled(stack.aws("dynamodb"), *tables)
        with httpx.Client(base_url=stack.url, timeout=60, trust_env=False) as http:
            name, password = operator_account(stack, "ana", "operators")
            token = http.post("sign-in", json={"name": name, "password": password}).json()["token"]
            rows = []
            for size in stored:
                with _projector_off(stack):
                    filled.grow(size)
                rows.append(_row(filled, http, token, rounds))
            return rows


def _row(filled: Filled, http: httpx.Client, token: str, rounds: int) -> Row:
    generation = filled.model.generations().current
    feed, news = filled.model.ends(generation)

    def ask(path: str, method: str = "GET", **arguments: Any) -> Callable[[], httpx.Response]:
        return lambda: http.request(method, path, **arguments).raise_for_status()

    def read(after: str) -> Callable[[], httpx.Response]:
        return ask("wishes", params={"after": after, "limit": _PAGE})

    reads: Calls = {
        _BASE: ask("health"),
        "one wish": ask(f"wishes/{filled.wish_ids[-1]}"),
        "manifest": ask("manifest"),
        "feed, empty tail": read(f"{generation}-{feed}-{news}"),
        "feed, a new entry": read(f"{generation}-{feed - 1}-{news}"),
        "feed, a page in the middle": read(f"{generation}-{feed // 2}-{news}"),
        "feed, latest": read("latest"),
        "console": ask("ops/queue", headers={"Authorization": f"Bearer {token}"}),
    }
    # Apart: from the first wish on, the tail is not empty any more.
    writes: Calls = {_BASE: ask("health"), "POST": ask("wishes", "POST", json=WISH)}
    taken, sent = _medians(reads, rounds), _medians(writes, rounds)
    if not wait_until(lambda: filled.model.ends(generation)[0] > feed):
        raise BenchFailed("the projector does not project the wishes that were sent")
    ratios = {"POST": sent["POST"] / sent[_BASE]} | {name: taken[name] / taken[_BASE] for name in taken}
    ratios.pop(_BASE)
    return {"stored": len(filled.wish_ids), "entries": feed, "health_ms": round(1000 * taken[_BASE], 1)} | {
        name: round(ratio, 2) for name, ratio in ratios.items()
    }


@contextmanager
def _projector_off(stack: Stack) -> Iterator[None]:
    """Take the projector off the table's stream: it would project a second time what is projected here."""
    functions = stack.aws("lambda")
    mappings = functions.list_event_source_mappings()["EventSourceMappings"]
    [mapping] = [each for each in mappings if "/stream/" in each["EventSourceArn"]]
    functions.delete_event_source_mapping(UUID=mapping["UUID"])
    yield
    kept = ("EventSourceArn", "BatchSize", "MaximumBatchingWindowInSeconds")
    settings = {name: mapping[name] for name in kept if name in mapping}
    functions.create_event_source_mapping(FunctionName=mapping["FunctionArn"], StartingPosition="LATEST", **settings)


def measure_calls(stored: tuple[int, ...], rounds: int) -> list[Row]:
    """Return the same for the adapters' calls on DynamoDB Local, in multiples of a GetItem, with their read units.

    Raises NotMeasured where it cannot run.
    """
    try:
        with dynamodb_local() as url:
            dynamodb = engine_client("dynamodb", Endpoint(url, "bench"))
            for name in ("EventStore", "ReadModel"):
                dynamodb.create_table(TableName=name, **template.table(name))
            filled = Filled(dynamodb, "EventStore", "ReadModel")
            return [_calls_row(filled, Meter(dynamodb, "reads"), size, rounds) for size in stored]
    except Unavailable as reason:
        raise NotMeasured(f"DynamoDB Local does not run here: {reason}") from reason


def _calls_row(filled: Filled, meter: Meter, stored: int, rounds: int) -> Row:
    filled.grow(stored)
    model, (feed, news) = filled.model, filled.model.ends(1)
    calls: Calls = {
        _BASE: model.generations,
        "one wish": lambda: filled.store.read(stream_of(filled.wish_ids[-1])),
        "manifest": lambda: wall.manifest(model, {"mars": 1, "jupiter": 1}),
        "feed, empty tail": lambda: wall.feed(model, f"1-{feed}-{news}", _PAGE),
        "feed, a new entry": lambda: wall.feed(model, f"1-{feed - 1}-{news}", _PAGE),
        "feed, a page in the middle": lambda: wall.feed(model, f"1-{feed // 2}-{news}", _PAGE),
        "feed, latest": lambda: wall.feed(model, "latest", _PAGE),
    }
    units: Row = {}
    for name, call in calls.items():
        before = meter.units
        call()
        units[f"{name}, units"] = meter.units - before
    taken = _medians(calls, rounds)
    ratios = {name: round(taken[name] / taken[_BASE], 2) for name in taken if name != _BASE}
    return {"stored": stored, "entries": feed, "getitem_ms": round(1000 * taken[_BASE], 1)} | ratios | units


def _medians(calls: Calls, rounds: int) -> Row:
    """Return the median seconds of each call, all of them in turn. The first round only warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - began)
    return {name: median(of_call[1:]) for name, of_call in seconds.items()}


def as_table(rows: list[Row]) -> Table:
    """Return the rows, a column for each number of stored wishes."""
    table = Table("call", title="What a call takes as the store grows (ratios of this machine, this run; not AWS)")
    for row in rows:
        table.add_column(f"{row['stored']:,} stored", justify="right")
    for name in rows[0]:
        if name != "stored":
            table.add_row(name.replace("_", " "), *(f"{row[name]:g}" for row in rows))
    return table


def main(
    stored: Annotated[list[int] | None, typer.Argument(min=_SLICE, help="Numbers of stored wishes, rising.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Times that each call is made.")] = ROUNDS,
    dynamodb_local: Annotated[bool, typer.Option(help="The adapters' calls, on Amazon's DynamoDB Local.")] = False,
) -> None:
    """Measure what a call takes as the store grows, and print a table."""
    run = measure_calls if dynamodb_local else measure
    Console(width=110).print(as_table(run(tuple(stored or STORED), rounds)))


if __name__ == "__main__":
    typer.run(main)
