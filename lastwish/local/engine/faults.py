"""Disturb calls and invocations on purpose: the faults that the engine has, and HTTP at PATH to inject and end them.

While there is none, a call costs one `if`. What the engine does inside is no call, so no fault can hit it: its polls,
the deletes of what was processed, the deliveries (docs/faults.md).
"""

import asyncio
import random
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TypedDict, get_args

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lastwish.local.engine.calls import Answer, Call, Proceed
from lastwish.local.engine.fault import PATH, Active, Fault, Seconds, Service
from lastwish.local.engine.faults_effects import EFFECTS, can_hit
from lastwish.local.engine.faults_marks import Marks

MOST = 50  # at once
SERVICES = frozenset(get_args(Service))


class _Renewal(TypedDict):
    seconds: Seconds


_FAULT, _ACTIVE, _RENEWAL = TypeAdapter(Fault), TypeAdapter(list[Active]), TypeAdapter(_Renewal)


class Running:
    """A fault while it runs. Several threads may ask it."""

    def __init__(self, fault: Fault) -> None:
        self.id, self.fault, self.hits = secrets.token_hex(4), fault, 0
        self.chance = random.Random(fault.seed)  # noqa: S311 - repeatable, not secret
        self._ends = time.monotonic() + fault.seconds
        self._lock = threading.Lock()
        self._ended, self._ended_for_threads = asyncio.Event(), threading.Event()

    @property
    def seconds_left(self) -> float:
        """Seconds until it ends by itself; 0.0 when it is over."""
        return 0.0 if self._ended_for_threads.is_set() else max(0.0, self._ends - time.monotonic())

    def hit(self) -> bool:
        """Draw whether it hits the next call that it concerns, and count it."""
        with self._lock:
            hits = bool(self.seconds_left) and self.chance.random() < self.fault.rate
            self.hits += hits
        return hits

    def end(self) -> None:
        """End it now. Whoever waits for it goes on."""
        self._ended.set()
        self._ended_for_threads.set()

    def renew(self, seconds: float) -> None:
        """Let it live so long from now on."""
        self._ends = time.monotonic() + seconds

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until it is over."""
        until = time.monotonic() + seconds
        while (left := min(until - time.monotonic(), self.seconds_left)) > 0:  # it may be renewed meanwhile
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), left)

    def wait_in_thread(self, seconds: float) -> None:
        """Wait so long, or until it is over, in a thread of its own."""
        until = time.monotonic() + seconds
        while (left := min(until - time.monotonic(), self.seconds_left)) > 0:
            self._ended_for_threads.wait(left)

    def active(self) -> Active:
        """Return it as others may see it."""
        return Active(self.id, self.fault, round(self.seconds_left, 1), self.hits)


class Faults:
    """Interceptor that disturbs the calls that a fault concerns. Several may hit one call, one around the other."""

    def __init__(self, marks: Marks) -> None:
        self._running: tuple[Running, ...] = ()
        self._marks = marks

    async def __call__(self, call: Call, proceed: Proceed) -> Answer:
        """Answer a call with what the faults make of it."""
        if not self._running:
            return await proceed(call)
        for running in self._alive():
            if self._concerns(running.fault, call) and running.hit():
                self._marks.call(running.fault, call)
                proceed = partial(EFFECTS[running.fault.kind], running, proceed)
        return await proceed(call)

    def _concerns(self, fault: Fault, call: Call) -> bool:
        return (
            not fault.of_invocations
            and fault.service in ("*", call.service)
            and fault.operation in ("*", call.operation)
            and self._is_caller(fault, self._marks.service(call.caller))
            and can_hit(fault, call)
            and (not fault.resource or _names(fault.resource, call))
        )

    def invocation(self, kind: str, function: str, event: object) -> Running | None:
        """Return the fault of this kind that hits this invocation of a function, if there is one."""
        if not self._running:
            return None
        service = self._marks.service(function)
        for running in self._alive():
            if running.fault.kind == kind and self._is_caller(running.fault, service) and running.hit():
                self._marks.invocation(running.fault, function, event)
                return running
        return None

    @staticmethod
    def _is_caller(fault: Fault, service: str) -> bool:
        return fault.caller == service or (fault.caller == "*" and service in SERVICES)

    def _alive(self) -> Iterator[Running]:
        self._running = tuple(each for each in self._running if each.seconds_left)
        yield from self._running

    def begin(self, fault: Fault) -> Running:
        """Begin a fault. Raises ValueError where there are too many."""
        if len(list(self._alive())) >= MOST:
            raise ValueError(f"there are {MOST} faults already")
        running = Running(fault)
        self._running = (*self._running, running)
        return running

    def find(self, id_: str) -> Running:
        """Return the fault with this id. Raises ValueError where it is over."""
        for running in self._alive():
            if running.id == id_:
                return running
        raise ValueError("this fault is over")

    def end(self, id_: str = "") -> int:
        """End the fault with this id, or all. Returns how many were still alive."""
        ended = [each for each in self._alive() if id_ in ("", each.id)]
        for each in ended:
            each.end()
        return len(ended)

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI layer that answers PATH: GET lists, POST begins, PUT renews, DELETE ends."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope.get("path", "")
            if scope["type"] == "http" and (path == PATH or path.startswith(f"{PATH}/")):
                response = await self._respond(Request(scope, receive), path[len(PATH) + 1 :])
                await response(scope, receive, send)
            else:
                await app(scope, receive, send)

        return answer

    async def _respond(self, request: Request, id_: str) -> Response:
        match request.method:
            case "GET":
                return JSONResponse(_ACTIVE.dump_python([each.active() for each in self._alive()], mode="json"))
            case "DELETE":
                return JSONResponse({"ended": self.end(id_)})
            case "POST" | "PUT":
                try:
                    return await self._changed(request, id_)
                except ValidationError as error:
                    return JSONResponse({"message": f"this is no fault: {_words(error)}"}, 400)
                except ValueError as error:
                    return JSONResponse({"message": str(error)}, 400)
        return JSONResponse({"message": "GET, POST, PUT or DELETE"}, 405)

    async def _changed(self, request: Request, id_: str) -> Response:
        body = await request.body()
        if request.method == "POST":
            running = self.begin(_FAULT.validate_json(body))
        else:
            seconds = _RENEWAL.validate_json(body)["seconds"]
            running = self.find(id_)
            running.renew(seconds)
        [document] = _ACTIVE.dump_python([running.active()], mode="json")
        return JSONResponse(document)


def _words(error: ValidationError) -> str:
    """Say what is wrong with each field, without quoting it."""
    faults = [(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
    return "; ".join(f"{field}: {message}" if field else message for field, message in faults)


def _names(resource: str, call: Call) -> bool:
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(resource)}(?![A-Za-z0-9])")
    return any(word.search(arn) for arn in call.resources)
