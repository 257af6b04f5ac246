"""Worker and projector on moto, for tests of the operator's commands. ``project`` delivers the table's stream."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from domain.commit import stream_of
from domain.envelope import write_story
from domain.events import WishAccepted
from domain.seats import Seat
from domain.wish import BoardFromWaitlist
from infra.aggregate import Cause, execute
from lastwish.local.proxy.ledger import read
from lastwish.maintenance.audit import audit
from lastwish.maintenance.checks import Difference
from lastwish.maintenance.history import history
from lastwish.maintenance.stores import Stores
from tests.support.aws import Aws
from tests.support.functions import Invoke
from tests.support.samples import NOON, LambdaContext, envelope, submitted
from tests.support.wishes import batch, ids, stream_event


class FakeLambdaClient:
    """A fake of boto3's Lambda client, as far as the commands use it."""

    def __init__(self, mars: int) -> None:
        self.mars = mars

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        variables = {"MARS_SEATS": str(self.mars), "JUPITER_SEATS": "1000"}
        return {"Timeout": 30, "MemorySize": 512, "Environment": {"Variables": variables}}


class Quiet:
    """Shows nothing."""

    def note(self, words: str) -> None:
        """Report nothing."""

    def scanning(self, about: int) -> AbstractContextManager[Callable[[int], None]]:
        """Count nothing."""
        return nullcontext(lambda _: None)

    def moving(self, count: int) -> AbstractContextManager[Callable[[int], None]]:
        """Count nothing."""
        return nullcontext(lambda _: None)


@dataclass
class Chain:
    """Worker and projector, the stores behind them, and a ledger of what was answered 202."""

    aws: Aws
    worker: ModuleType
    projector: ModuleType
    invoke: Invoke
    ledger: Path
    functions: FakeLambdaClient
    delivered: set[tuple[str, str]] = field(default_factory=set)

    @property
    def stores(self) -> Stores:
        queues = {f"{name}Url": url for name, url in self.aws.urls.items()}
        tables = {f"{name}Name": name for name in ("EventStore", "ReadModel", "Seats")}
        names = {f"{name.title()}Function": name for name in ("parser", "worker", "projector")}
        return Stores(self.aws.dynamodb, self.aws.sqs, self.functions, queues | tables, names)

    def send(self, count: int, to: str = "mars", start: int = 0) -> list[str]:
        """Promise, store and project wishes. Return their ids."""
        wish_ids = ids(start + count)[start:]
        for wish_id in wish_ids:
            self.promise(wish_id)
            self.invoke(self.worker, batch((wish_id, to)))
        self.project()
        return wish_ids

    def promise(self, wish_id: str) -> None:
        with self.ledger.open("a") as file:
            file.write(json.dumps({"wish_id": wish_id, "status": 202}) + "\n")

    def project(self) -> None:
        deliver_stream(self.aws, self.projector, self.delivered)

    def board(self, wish_id: str, number: int) -> None:
        """Give a seat to a waiting wish, as a reclaim does."""
        cause = Cause(commit_id=f"board {wish_id}", correlation_id="operator", now=NOON)
        assert execute(self.worker.store, wish_id, BoardFromWaitlist(Seat("mars", number)), cause)

    def resize(self, monkeypatch: pytest.MonkeyPatch, mars: int) -> None:
        """Build the ship anew, for the worker and for the operator."""
        self.functions.mars = mars
        monkeypatch.setattr(self.worker.seats, "capacity", {"mars": mars, "jupiter": 1000})

    def status(self, wish_id: str) -> tuple[str, int | None]:
        """Return the status and the seat of a stored wish."""
        state = history(self.stores, wish_id)[-1]["state"]
        return state["status"], state["seat"]

    def differences(self) -> list[Difference]:
        """Return what an audit finds now."""
        return audit(self.stores, partial(read, self.ledger), settle=0).differences

    def texts(self) -> str:
        """Return the content of all tables and queues as one text."""
        tables = [self.aws.dynamodb.scan(TableName=name)["Items"] for name in ("EventStore", "ReadModel", "Seats")]
        return json.dumps([tables, [self.aws.messages(queue) for queue in self.aws.urls]])

    def generations(self) -> set[str]:
        """Return the generations that have items in the read model."""
        keys = [item["pk"]["S"] for item in self.aws.dynamodb.scan(TableName="ReadModel")["Items"]]
        return {key.partition("#")[0] for key in keys if "#" in key}

    def row(self, wish_id: str) -> dict[str, Any]:
        """Return the item of a wish in the read model."""
        items = self.aws.dynamodb.scan(TableName="ReadModel")["Items"]
        return next(item for item in items if item["sk"]["S"] == wish_id)


def deliver_stream(aws: Aws, projector: ModuleType, delivered: set[tuple[str, str]]) -> None:
    """Deliver new items of the store to the projector by version, and add their keys to ``delivered``."""

    def key(item: dict[str, Any]) -> tuple[str, str]:
        return item["stream"]["S"], item["version"]["N"]

    new = sorted(
        (item for item in aws.stored() if key(item) not in delivered), key=lambda item: int(item["version"]["N"])
    )
    delivered.update(map(key, new))
    projector.handler(stream_event(new), LambdaContext())


def damage(aws: Aws, wish_id: str, version: int = 1) -> None:
    """Take a field out of a stored commit, so that nobody can read it."""
    key = {"stream": {"S": stream_of(wish_id)}, "version": {"N": str(version)}}
    aws.dynamodb.update_item(TableName=aws.table, Key=key, UpdateExpression="REMOVE correlation_id")


def batch_with_message(wish_id: str, message: str) -> dict[str, Any]:
    """Return a Pods batch with one wish that has this message."""
    event = batch((wish_id, "mars"))
    story = [envelope(submitted(message), wish_id), envelope(WishAccepted(), wish_id)]
    event["Records"][0]["body"] = write_story(story)
    return event
