"""Journal what the engine takes, before the caller hears that it is taken: messages in Inbox and commits.

The engine keeps everything in memory. `put_back` gives it to the next engine (docs/journal.md), and after each deploy
tells the names of the queue and of the table, at PATH.
"""

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.read_model import POINTER
from lastwish.local.door import PUT_BACK
from lastwish.local.engine.calls import Answer, Call, Proceed
from lastwish.local.engine.patch import ministack_module, require
from lastwish.local.engine.paths import JOURNAL as PATH
from lastwish.local.journal import Entry, Journal, Pointer, Sent, Stored, erase

_TAKEN = re.compile(rb"<SendMessageBatchResultEntry>\s*<Id>([^<]*)</Id>")


class Journaling:
    """Interceptor that journals what was taken. A call that it could not journal gets an error.

    After that no such call reaches the engine until the missing lines are written: store and journal stay equal.
    """

    def __init__(self, path: Path) -> None:
        self._journal, self._path = Journal(path), path
        # Names. Until they are told nothing is journaled.
        self._inbox = self._store = self._read_model = b""
        self._erased: set[str] = set()
        self._with_text: set[str] = set()  # erased wishes whose lines may still have it
        self._overwriting = Lock()  # of threads: an erasure goes on in its own when the call that waits for it ends
        self._sqs, self._dynamodb = ministack_module("services.sqs"), ministack_module("services.dynamodb")
        require(self._sqs, "_normalise")
        require(self._dynamodb, "_tables")

    async def __call__(self, call: Call, proceed: Proceed) -> Answer:
        """Pass a call on, and journal what the engine took of it."""
        if not self._concerns(call):
            return await proceed(call)
        if refusal := await self._catch_up():
            return refusal
        answer = await proceed(call)
        if answer.status != 200:
            return answer
        self._note(call, answer)
        return await self._catch_up() or answer

    def _concerns(self, call: Call) -> bool:
        if not self._inbox:
            return False
        match call.service, call.operation:
            case "sqs", "SendMessage" | "SendMessageBatch":
                return self._inbox in call.body or self._inbox in call.path.encode()
            case "dynamodb", "PutItem" | "BatchWriteItem" | "TransactWriteItems":
                return self._store in call.body
            case "dynamodb", "UpdateItem":
                # Of EventStore: it adds no line, but erasure must not go on while the journal has text.
                return self._store in call.body or (self._read_model in call.body and b'"pointer"' in call.body)
        return False

    async def _catch_up(self) -> Answer | None:
        """Write what is left to write. Return the answer for the caller if that cannot be done."""
        try:
            self._journal.flush()
            if erased := set(self._with_text):
                await asyncio.to_thread(self._erase, erased)  # it reads the whole file
                self._with_text -= erased
        except OSError as error:
            return _refusal(error)
        return None

    def _erase(self, wish_ids: set[str]) -> None:
        with self._overwriting:
            erase(self._path, wish_ids)

    def _note(self, call: Call, answer: Answer) -> None:
        now = datetime.now(UTC)
        if call.service == "sqs":
            entries: list[Entry] = [Sent.of(each, now) for each in self._messages(call, answer)]
        else:
            request = json.loads(call.body)
            entries = [*self._pointers(request, now), *_stored(self._items(request, answer), now)]
        erased = {each.wish_id for each in entries if isinstance(each, Stored) and each.erases and each.wish_id}
        self._erased |= erased
        self._with_text |= erased
        if call.caller != PUT_BACK:  # which repeats what is journaled
            self._journal.add(*map(self._without_erased_text, entries))

    def _without_erased_text(self, entry: Entry) -> Entry:
        return entry if isinstance(entry, Pointer) or entry.wish_id not in self._erased else entry.without_text()

    def _pointers(self, request: dict[str, Any], now: datetime) -> list[Pointer]:
        """Return the read model's pointer, as it is now, if this was an update of it."""
        if request.get("Key") != POINTER:
            return []
        partition, name = (value["S"] for value in POINTER.values())
        table = self._dynamodb._tables[self._read_model.decode()]
        return [Pointer(time=now, item=table["items"][partition][name])]

    def _messages(self, call: Call, answer: Answer) -> list[dict[str, Any]]:
        """Return the messages that Inbox took, in the form of SendMessage's arguments."""
        if call.body.startswith(b"{"):
            request = json.loads(call.body)
        else:  # the older protocol: a form, answered in XML
            request = self._sqs._normalise("SendMessageBatch", parse_qs(call.body.decode()))
        queue = request.get("QueueUrl") or call.path
        if queue.rpartition("/")[2].encode() != self._inbox:
            return []
        if not request.get("Entries"):
            return [request] if "MessageBody" in request else []
        if answer.body.startswith(b"{"):
            taken = {each["Id"] for each in json.loads(answer.body).get("Successful", [])}
        else:
            taken = {each.decode() for each in _TAKEN.findall(answer.body)}
        return [entry for entry in request["Entries"] if entry["Id"] in taken]

    def _items(self, request: dict[str, Any], answer: Answer) -> list[dict[str, Any]]:
        """Return the items that were put into EventStore."""
        if "Item" in request:
            return [request["Item"]] if self._is_store(request["TableName"]) else []
        puts = [each["Put"] for each in request.get("TransactItems", []) if "Put" in each]
        items = [put["Item"] for put in puts if self._is_store(put["TableName"])]
        left = json.loads(answer.body).get("UnprocessedItems", {})
        for table, writes in request.get("RequestItems", {}).items():
            taken = [each for each in writes if each not in left.get(table, [])] if self._is_store(table) else []
            items += [each["PutRequest"]["Item"] for each in taken if "PutRequest" in each]
        return items

    def _is_store(self, table: str) -> bool:
        return table.rpartition("/")[2].encode() == self._store  # a name, or an ARN that ends with it

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI layer that answers PATH: PUT tells the names, DELETE forgets all wishes."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] != PATH:
                await app(scope, receive, send)
                return
            lines = 0
            if scope["method"] == "PUT":
                names = await Request(scope, receive).json()
                self._inbox, self._store, self._read_model = (
                    names[each].encode() for each in ("inbox", "event_store", "read_model")
                )
            elif scope["method"] == "DELETE":
                with self._overwriting:  # else the erasure would write into the lines that come next
                    lines = self._journal.clear()
                self._erased.clear()
                self._with_text.clear()
            await JSONResponse({"forgotten": lines})(scope, receive, send)

        return answer


def _stored(items: list[dict[str, Any]], now: datetime) -> list[Stored]:
    """Return the entries of items, but not of one that is no commit: no reader of EventStore could read it either."""
    entries = []
    for item in items:
        try:
            entries.append(Stored.of(item, now))
        except (KeyError, TypeError, ValueError) as error:
            print(f"a put into EventStore is no commit, so it is not journaled: {type(error).__name__}", flush=True)
    return entries


def _refusal(error: OSError) -> Answer:
    """Return an error that every SDK tries again, and say why."""
    print(f"the journal cannot be written: {error}", flush=True)
    words = json.dumps({"__type": "InternalServerError", "message": f"the journal cannot be written: {error}"})
    return Answer(500, [(b"content-type", b"application/json")], words.encode())
