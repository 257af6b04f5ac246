"""Disturb calls and invocations on purpose: the faults that the engine has, and HTTP at PATH to inject and end them.

While there is none, a call costs one `if`. What the engine does inside is no call, so no fault can hit it: its polls,
the deletes of what was processed, the deliveries (docs/faults.md).
"""

import random
import re
import secrets
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import TypedDict, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.events import describe_faults
from lastwish.local.engine.calls import Answer, Call, Proceed
from lastwish.local.engine.fault import PATH, Active, Fault, Seconds, Service
from lastwish.local.engine.faults_effects import EFFECTS, can_hit
from lastwish.local.engine.faults_marks import Marks

_STEP = 0.05  # seconds
SERVICES = frozenset(get_args(Service))


class _Renewal(TypedDict):
    seconds: Seconds


_FAULT, _RENEWAL = TypeAdapter(Fault), TypeAdapter(_Renewal)


class Running:
    """A fault while it runs. Several threads may ask it."""

    def __init__(self, fault: Fault) -> None:
        self.id, self.fault, self.hits = secrets.token_hex(4), fault, 0
        self.chance = random.Random(fault.seed)  # noqa: S311 - repeatable, not secret
        self._lock = threading.Lock()
        self.live(fault.seconds)

    def live(self, seconds: float) -> None:
        """Let it live so long from now on; 0 ends it, and whoever waits for it goes on."""
        self._ends = time.monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        """Seconds until it ends by itself; 0.0 when it is over."""
        return max(0.0, self._ends - time.monotonic())

    def hit(self) -> bool:
        """Draw whether it hits the next call that it concerns, and count it."""
        with self._lock:
            hits = self.chance.random() < self.fault.rate
            self.hits += hits
        return hits

    def waits(self, seconds: float) -> Iterator[float]:
        """Yield seconds to sleep, one after the other, until so many are over or the fault is: it may be renewed."""
        until = time.monotonic() + seconds
        while (left := min(until - time.monotonic(), self.seconds_left)) > 0:
            yield min(left, _STEP)

    def active(self) -> Active:
        """Return it as others may see it."""
        return Active(self.id, self.fault, round(self.seconds_left, 1), self.hits)


class Faults:
    """Interceptor that disturbs the calls that a fault concerns. Several may hit one call, one around the other."""

    def __init__(self, marks: Marks) -> None:
        self._running: list[Running] = []  # replaced by the event loop only; threads read it
        self._marks = marks

    async def __call__(self, call: Call, proceed: Proceed) -> Answer:
        """Answer a call with what the faults make of it."""
        if not self._running:
            return await proceed(call)
        self._running = self._alive()
        for running in self._running:
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

    def _alive(self) -> list[Running]:
        return [each for each in self._running if each.seconds_left]

    def begin(self, fault: Fault) -> Running:
        """Begin a fault."""
        self._running = [*self._alive(), running := Running(fault)]
        return running

    def end(self, id_: str = "") -> int:
        """End the fault with this id, or all. Returns how many were still alive."""
        ended = [each for each in self._alive() if id_ in ("", each.id)]
        for each in ended:
            each.live(0)
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
                return _json([each.active() for each in self._alive()])
            case "DELETE":
                return _json({"ended": self.end(id_)})
        try:
            return _json(self._change(request.method, id_, await request.body()).active())
        except ValidationError as error:
            return _json({"message": f"this is no fault: {describe_faults(error)}"}, 400)
        except ValueError as error:
            return _json({"message": str(error)}, 400)

    def _change(self, method: str, id_: str, body: bytes) -> Running:
        if method == "POST":
            return self.begin(_FAULT.validate_json(body))
        seconds = _RENEWAL.validate_json(body)["seconds"]
        for running in self._alive():
            if running.id == id_:
                running.live(seconds)
                return running
        raise ValueError("this fault is over")


def _json(document: object, status: int = 200) -> Response:
    return JSONResponse(to_jsonable_python(document), status)


def _names(resource: str, call: Call) -> bool:
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(resource)}(?![A-Za-z0-9])")
    return any(word.search(arn) for arn in call.resources)
