"""Dead letters of each class, as they come to be: for the stores on moto and for a stack that runs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from domain.envelope import write_story
from tests.support.samples import envelope, story, submitted

# What would clear a terminal, as SQS lets it through, and what turns a page around.
STRANGE = "\u009b2J[red] who \u202e is this?"
HOSTILE = "<img src=x onerror=alert(1)>"
TRACE_HEADER = "Root=1-8d12f900-000000000000000000000001;Parent=0000000000000001;Sampled=1"
QUEUES = ("InboxDlq", "PodsDlq")


@dataclass
class MixedLetters:
    """Sends dead letters. Wishes that were promised are noted in ``ledger``; ``urls`` are those of the queues."""

    sqs: Any
    urls: dict[str, str]
    ledger: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(1000))

    def wish(self, promised: bool = True) -> str:
        """Return a new wish id."""
        wish_id = f"5d3c0bd6-7ef4-4c5e-9a0b-{next(self._numbers):012x}"
        if promised:
            self.promise(wish_id)
        return wish_id

    def promise(self, wish_id: str) -> None:
        """Note that a wish was answered 202."""
        with self.ledger.open("a") as file:
            file.write(json.dumps({"wish_id": wish_id, "status": 202}) + "\n")

    def put(self, queue: str, body: str, **attributes: str) -> str:
        """Send a letter, traced. Return its message id."""
        texts = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        traced = {"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE_HEADER}}
        sent = self.sqs.send_message(
            QueueUrl=self.urls[queue], MessageBody=body, MessageAttributes=texts, MessageSystemAttributes=traced
        )
        return str(sent["MessageId"])

    def stored(self, queue: str, wish_id: str) -> str:
        """Send the letter of a wish that is stored already."""
        return self.put(queue, _body(queue, wish_id))

    def transient(self, queue: str) -> str:
        """Send one that failed five times; it holds a promised wish."""
        return self.put(queue, _body(queue, self.wish()), mine="kept")

    def hopeless(self, queue: str) -> str:
        """Send one that this release cannot read; it holds a promised wish."""
        body = _body(queue, self.wish()).replace("submitted.v1", "submitted.v99")
        return self.put(queue, body, reason="MalformedMessage: unknown event lastwish.wish.submitted.v99")

    def hostile(self, queue: str) -> str:
        """Send one with markup in an envelope like ours."""
        return self.put(queue, _body(queue, self.wish(promised=False), HOSTILE), reason="MalformedMessage: data")

    def stranger(self, queue: str) -> str:
        """Send one that is no wish at all."""
        return self.put(queue, STRANGE, reason=f"MalformedMessage: {STRANGE}")

    def batch(self) -> str:
        """Send what Lambda says of a batch that the projector gave up."""
        return self.put("ProjectorDlq", json.dumps({"version": "1.0", "DDBStreamBatchInfo": {"batchSize": 3}}))


def _body(queue: str, wish_id: str, message: str = "Look after my dog") -> str:
    submission = envelope(submitted("Look after my dog"), wish_id)
    text = submission.model_dump_json() if queue == "InboxDlq" else write_story(story(wish_id))
    return text.replace("Look after my dog", message)
