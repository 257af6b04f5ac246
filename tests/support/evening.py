"""The stores after an evening: a wish of each kind, two destinations, a rebuild; and how to damage them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

import pytest

from domain.commit import stream_of
from domain.envelope import write_story
from domain.events import Event, WishAccepted, WishHeld, WishRejected
from domain.seats import Seat
from domain.wish import BoardFromWaitlist, Command, EraseWish, HideWish, ReleaseWish
from infra.aggregate import Cause, execute
from lastwish.maintenance import rebuild
from lastwish.maintenance.rebuild import Options
from tests.support.chain import Chain, Quiet
from tests.support.samples import envelope, submitted
from tests.support.wishes import batch, ids

type Item = dict[str, Any]

KINDS = ("boarded", "hidden", "released", "erased", "late", "waiting", "jovian", "rejected", "held", "dead")
WISHES = dict(zip(KINDS, ids(len(KINDS)), strict=True))
STRANGER = "0bd5ea93-5d4e-4c52-a7b3-3f6f0a8c9d10"
TABLES = {"EventStore": ("stream", "version"), "ReadModel": ("pk", "sk"), "Seats": ("id",)}
CURRENT, OLD = 2, 1  # generations of the read model

_saved: dict[str, Any] = {}


def text_of(kind: str) -> str:
    return f"Secret of who is {kind}"


def story(kind: str, wish_id: str) -> str:
    """Return the body of a wish of this kind in Pods."""
    to = "jupiter" if kind in ("jovian", "rejected", "held") else "mars"
    verdicts: dict[str, list[Event]] = {
        "rejected": [WishRejected(reason="only-links")],
        "held": [WishAccepted(), WishHeld(reason="word")],
    }
    said = [submitted(text_of(kind), to), *verdicts.get(kind, [WishAccepted()])]
    return write_story([envelope(each, wish_id) for each in said])


@dataclass
class Evening:
    """Stores of one evening. Generation 2 is read, 1 is dropped; the mark of Mars is 5."""

    chain: Chain

    @classmethod
    def of(cls, chain: Chain, monkeypatch: pytest.MonkeyPatch) -> "Evening":
        """Build it the first time, and copy it from then on."""
        evening = cls(chain)
        if not _saved:
            evening._build(monkeypatch)
            _saved.update({table: evening.items(table) for table in TABLES}, ledger=chain.ledger.read_text())
        else:
            for table in TABLES:
                evening.put(table, *_saved[table])
            chain.ledger.write_text(_saved["ledger"])
        evening.letter("PodsDlq", "dead", WISHES["dead"])
        return evening

    def _build(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.chain.resize(monkeypatch, mars=4)
        for kind, wish_id in WISHES.items():
            self.chain.promise(wish_id)
            if kind != "dead":
                event = batch((wish_id, "mars"))
                event["Records"][0]["body"] = story(kind, wish_id)
                self.chain.invoke(self.chain.worker, event)
        self.put("Seats", {"id": {"S": "marks"}, "mars": {"N": "5"}, "jupiter": {"N": "2"}})
        done: list[tuple[str, Command]] = [
            ("hidden", HideWish()),
            ("released", HideWish()),
            ("released", ReleaseWish()),
            ("erased", EraseWish()),
            ("late", BoardFromWaitlist(Seat("mars", 5))),
            ("late", HideWish()),
        ]
        for minutes, (kind, command) in enumerate(done, start=1):
            now = datetime.now(UTC) + timedelta(minutes=minutes)
            execute(self.chain.worker.store, WISHES[kind], command, Cause(f"{kind} {minutes}", "operator", now))
        self.chain.project()
        for commit in self.chain.stores.events.read(stream_of(WISHES["erased"])):
            self.chain.stores.events.scrub(commit)
        assert rebuild.rebuild(self.chain.stores, Options(wait=0, patience=0), Quiet()).ok

    def items(self, table: str) -> list[Item]:
        return list(self.chain.aws.dynamodb.scan(TableName=table)["Items"])

    def put(self, table: str, *items: Item) -> None:
        for some in batched(items, 25, strict=False):
            requests = [{"PutRequest": {"Item": item}} for item in some]
            self.chain.aws.dynamodb.batch_write_item(RequestItems={table: requests})

    def delete(self, table: str, item: Item) -> None:
        self.chain.aws.dynamodb.delete_item(TableName=table, Key={name: item[name] for name in TABLES[table]})

    def commit(self, kind: str, version: int) -> Item:
        key = {"stream": {"S": stream_of(WISHES[kind])}, "version": {"N": str(version)}}
        item: Item = self.chain.aws.dynamodb.get_item(TableName="EventStore", Key=key)["Item"]
        return item

    def model(self, pk: str, sk: str = "-") -> Item:
        """Return an item of the read model; ``pk`` without the generation."""
        key = {"pk": {"S": f"{CURRENT}#{pk}"}, "sk": {"S": sk}}
        item: Item = self.chain.aws.dynamodb.get_item(TableName="ReadModel", Key=key)["Item"]
        return item

    def row(self, kind: str) -> Item:
        """Return the row of a wish at its home."""
        rows = [item for item in self.items("ReadModel") if item["sk"]["S"] == WISHES[kind] and "home" not in item]
        return rows[0]

    def pointer(self, current: int, *live: int) -> None:
        numbers = {"current": {"N": str(current)}, "last": {"N": "3"}, "live": {"NS": list(map(str, live))}}
        self.put("ReadModel", {"pk": {"S": "pointer"}, "sk": {"S": "-"}, **numbers})

    def letter(self, queue: str, kind: str, wish_id: str) -> None:
        self.chain.aws.sqs.send_message(QueueUrl=self.chain.aws.urls[queue], MessageBody=story(kind, wish_id))

    def redrive(self, wish_id: str) -> None:
        """Take the letters about a wish out of PodsDlq and give them to the worker, as SQS does."""
        url = self.chain.aws.urls["PodsDlq"]
        for message in self.chain.aws.messages("PodsDlq"):
            if json.loads(message["Body"])[0]["subject"] == wish_id:
                event = batch((wish_id, "mars"))
                event["Records"][0]["body"] = message["Body"]
                self.chain.invoke(self.chain.worker, event)
                self.chain.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            else:
                self.chain.aws.sqs.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                )
