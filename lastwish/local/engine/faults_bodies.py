"""Change what a call says: leave entries of a batch out, or set the times in messages ahead."""

import json
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from domain.envelope import timestamp
from lastwish.local.engine.calls import Answer, Call, Proceed
from lastwish.local.engine.faults_answers import json_answer, refusal

_SENDS = {("sqs", "SendMessage"), ("sqs", "SendMessageBatch")}
BATCHES = {("dynamodb", "BatchGetItem"), ("dynamodb", "BatchWriteItem")} | {
    ("sqs", f"{each}Batch") for each in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")
}


def sends(call: Call) -> bool:
    """Return whether a call sends messages, in the JSON protocol."""
    return (call.service, call.operation) in _SENDS and call.body.startswith(b"{")


def messages(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of a call that sends one, or a batch."""
    found: list[dict[str, Any]] = request.get("Entries", [request])
    return found


async def partly(call: Call, proceed: Proceed, chance: random.Random) -> Answer:
    """Let a part of a batch through, and answer as AWS does then: about a half fails, at least one entry."""
    request = json.loads(call.body)
    answer_part = _entries if call.service == "sqs" else _items
    return await answer_part(call, proceed, request, chance)


async def _entries(call: Call, proceed: Proceed, request: dict[str, Any], chance: random.Random) -> Answer:
    kept, failed = _split(request["Entries"], chance)
    answer = json_answer(200, {})
    if kept:
        answer = await proceed(replace(call, body=_body(request | {"Entries": kept})))
    if answer.status != 200:
        return answer
    said = json.loads(answer.body)
    why = {"SenderFault": False, "Code": "InternalError", "Message": "We encountered an internal error."}
    all_failed = [*said.get("Failed", []), *({"Id": each["Id"], **why} for each in failed)]
    return json_answer(200, {"Successful": [], **said, "Failed": all_failed})


async def _items(call: Call, proceed: Proceed, request: dict[str, Any], chance: random.Random) -> Answer:
    """MiniStack itself leaves nothing unprocessed."""
    tables, reads = request["RequestItems"], call.operation == "BatchGetItem"
    each = [(table, item) for table, of in tables.items() for item in (of["Keys"] if reads else of)]
    kept, failed = _split(each, chance)
    if not kept:
        return refusal(call, "throttle")  # "If none of the items can be processed" (BatchGetItem, API reference)

    def by_table(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        items = {name: [item for table, item in pairs if table == name] for name, _ in pairs}
        return {name: {**tables[name], "Keys": keys} for name, keys in items.items()} if reads else items

    answer = await proceed(replace(call, body=_body(request | {"RequestItems": by_table(kept)})))
    if answer.status != 200:
        return answer
    unprocessed = "UnprocessedKeys" if reads else "UnprocessedItems"
    return json_answer(200, json.loads(answer.body) | {unprocessed: by_table(failed)})


def _split[T](items: Sequence[T], chance: random.Random) -> tuple[list[T], list[T]]:
    fails = {chance.randrange(len(items))} | {n for n in range(len(items)) if chance.random() < 0.5}
    return [x for n, x in enumerate(items) if n not in fails], [x for n, x in enumerate(items) if n in fails]


def _body(request: dict[str, Any]) -> bytes:
    return json.dumps(request).encode()


def ahead(body: bytes, service: str, milliseconds: int) -> bytes:
    """Return a call that sends messages, with the times that this service wrote into them set ahead.

    A message that is no envelope of ours stays as it is.
    """
    request = json.loads(body)
    for message in messages(request):
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            said = json.loads(message["MessageBody"])
            for envelope in said if isinstance(said, list) else [said]:
                if envelope["source"] == f"lastwish/{service}":
                    moment = datetime.fromisoformat(envelope["time"]) + timedelta(milliseconds=milliseconds)
                    envelope["time"] = timestamp(moment)
            message["MessageBody"] = json.dumps(said)
    return _body(request)
