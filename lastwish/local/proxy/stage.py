"""The stage of a show, before the API: what pages ask of it, votes of the hall, buttons of operators (docs/http.md).

All of it is the laptop's only. On AWS there is nothing at these paths, and the pages show nothing of it.
"""

import hashlib
import json
import re
import sqlite3
import time
from typing import Any

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from lastwish.local import stage
from lastwish.local.proxy import letters
from lastwish.local.proxy.app import Proxy
from lastwish.local.proxy.drills import Drills
from lastwish.local.proxy.injection import Injection
from lastwish.local.proxy.ledger import Promised
from lastwish.local.proxy.request_body import TooLarge, read_body
from lastwish.local.state import Home
from web import problems
from web.language import media_type
from web.problems import Problem

MAX_VOTE = 1024  # bytes; one has some 120
TRY_LATER = 10  # seconds after which a page may ask again whether there is a show
TRUSTED = 60.0  # seconds for which a token that was checked is not checked again
_LETTER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,99}")  # an id of SQS
_DRILL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Stage:
    """ASGI layer that answers for the stage of the show in this home, and passes everything else to the proxy."""

    def __init__(self, app: Proxy, home: Home) -> None:
        self._app, self._home = app, home
        self._promised, self._injection = Promised(home.ledger), Injection(home)
        self._drills = Drills(home, app.engine)
        self._operators: dict[bytes, float] = {}  # the digest of a token, and until when it is trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = None
        if scope["type"] == "http":
            try:
                answer = await self._answer(Request(scope, receive))
            except Problem as problem:
                answer = _problem(problem)
            except (sqlite3.Error, OSError):  # of the stage's files: a full disk, or a lock for too long
                answer = _problem(problems.read_unavailable())
            except ClientDisconnect:
                return
        await (answer or self._app)(scope, receive, send)

    async def _answer(self, request: Request) -> Response | None:
        """Return the answer, None where the path is not the stage's. Raises Problem."""
        match request.method, *request.scope["raw_path"].decode("latin-1").split("/")[1:]:
            case "GET", "stage":
                return self._seen()
            case "GET", "stage", "accepted":  # less what the totals count, that many are on their way
                return _json({"accepted": len(self._promised)})
            case "POST", "stage", "vote":
                return await self._vote(request)
            case ("GET", "presenter") | ("GET", "stage", "injection", *_) if self._is_here(request):
                return await self._page(request)
            case method, "stage", *rest:
                return await self._refusal(request) or await self._for_operators(method, rest)
        return None

    async def _page(self, request: Request) -> Response:
        """Return a page for this machine that needs no token: the second has its key in its address. Raises Problem."""
        if request.scope["raw_path"] == b"/presenter":
            return RedirectResponse("sign-in#presenter", 302, {"cache-control": "no-store"})
        return await self._injection.answer(request)

    # --- the hall ---

    def _seen(self) -> Response:
        if (seen := stage.seen(self._home)) is None:
            raise _no_show()
        return _json(seen)

    async def _vote(self, request: Request) -> Response:
        match await _document(request):
            case {"vote": str(vote), "choice": str(choice), "wish_id": str(wish_id)}:
                pass
            case _:
                raise problems.bad_request('Send {"vote", "choice", "wish_id"} as JSON.')
        if wish_id not in self._promised:
            raise problems.not_stored_yet()
        if not self._app.ballots.has(request.cookies, wish_id):
            raise _not_yours()
        try:
            stage.cast(self._home, vote, choice, wish_id)
        except stage.NoSuchVote:
            raise problems.not_found() from None
        except stage.VoteClosed:
            raise problems.conflict("The vote is over.") from None
        return _json({"vote": vote, "choice": choice})

    # --- operators ---

    async def _for_operators(self, method: str, path: list[str]) -> Response | None:
        match method, *path:
            case "GET", "drills":
                return _json(await self._drills.state())
            case "POST", "drills", name if _DRILL.fullmatch(name):
                if not self._drills.start(name):
                    raise problems.conflict("A drill runs already: end it first.")
                return _json(await self._drills.state(), 202)
            case "DELETE", "drills":
                await self._drills.end()
                return _json(await self._drills.state())
            case "GET", "show":
                if show := (stage.read(self._home) or {}).get("show"):
                    return _json(show)
                raise _no_show()
            case "POST", "show", name if name in stage.ORDERS:
                stage.order(self._home, name)
                return _json({"order": name}, 202)
        return await self._about_letters(method, path)

    async def _about_letters(self, method: str, path: list[str]) -> Response | None:
        match method, *path:
            case "GET", "letters":
                return _json(await letters.run(self._home, "list"))
            case "POST", "letters", *ids, ("redrive" | "park") as action if all(map(_LETTER.fullmatch, ids)):
                return _json(await letters.run(self._home, action, *ids))
        return None

    def _is_here(self, request: Request) -> bool:
        """Return whether the page for signing in exists for this client: it is on this machine."""
        return self._app.gateway.route("GET", b"/sign-in", request.headers.get("host", "").encode()) is not None

    async def _refusal(self, request: Request) -> Response | None:
        """Return the answer to somebody who is no operator, or is not on this machine.

        An operator is who may read the console's queue: the API itself says so. Who was one a minute ago still is while
        the API does not answer: a drill that breaks it must be ended.
        """
        if not self._is_here(request):
            raise problems.not_found()
        origin, host = request.headers.get("origin", ""), request.headers["host"]
        if origin and origin != f"http://{host}":
            raise problems.forbidden()
        authorization = request.headers.get("authorization", "")
        token = hashlib.sha256(authorization.encode()).digest()
        if time.monotonic() < self._operators.get(token, 0):
            return None
        queue = await self._ask_for_the_queue({"host": host, "authorization": authorization})
        silent = queue.status_code == 429 or queue.status_code >= 500
        if queue.status_code == 200 or (silent and token in self._operators):
            self._operators[token] = time.monotonic() + TRUSTED
            return None
        self._operators.pop(token, None)
        return Response(queue.content, queue.status_code, dict(queue.headers))

    async def _ask_for_the_queue(self, headers: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://proxy") as client:
            return await client.get("/ops/queue", headers={name: value for name, value in headers.items() if value})


async def _document(request: Request) -> Any:
    """Return the JSON of a request. Raises Problem 400, 413 or 415."""
    if media_type(request.headers.get("content-type", "")) != "application/json":
        raise problems.unsupported(["application/json"])
    try:
        return json.loads(await read_body(request, MAX_VOTE))
    except TooLarge:
        raise problems.too_large(MAX_VOTE) from None
    except (ValueError, RecursionError):
        raise problems.bad_request("This is no JSON.") from None


def _no_show() -> Problem:
    """404 with the time to ask again. Without one, as on AWS, there is no stage and never will be."""
    problem = problems.not_found()
    problem.detail, problem.retry_after = "There is no show at this moment.", TRY_LATER
    return problem


def _not_yours() -> Problem:
    problem = problems.forbidden()
    problem.detail = "The vote belongs to the phone that sent the wish."
    return problem


def _json(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document), status, {"cache-control": "no-store"}, "application/json")


def _problem(problem: Problem) -> Response:
    headers = {"cache-control": "no-store"}
    if problem.retry_after is not None:
        headers["retry-after"] = str(problem.retry_after)
    return Response(problem.body(), problem.status, headers, "application/problem+json")
