"""Operations of the API by their name in template.yaml, which has their methods and paths."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime

from contract import bodies
from frontend.submission import MAX_BYTES
from mission.logs import Service, Span
from web import problems
from web.problems import Problem

HTML, JSON, FORM, SVG = "text/html", "application/json", "application/x-www-form-urlencoded", "image/svg+xml"

type Content = dict[str, Any]  # the type of the body by media type; None is text


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route takes, answers and refuses. ``parameters`` are (where, name) with their types."""

    summary: str
    answers: dict[HTTPStatus, Content]
    refusals: tuple[Problem, ...] = ()
    body: Content = field(default_factory=dict)
    parameters: dict[tuple[str, str], Any] = field(default_factory=dict)


def _ok(body: Any = None, *, html: bool = False) -> dict[HTTPStatus, Content]:
    content = {JSON: body} if body else {}
    return {HTTPStatus.OK: content | ({HTML: None} if html else {})}


_CACHED: dict[tuple[str, str], Any] = {("header", "If-None-Match"): str}
_UNCHANGED: dict[HTTPStatus, Content] = {HTTPStatus.NOT_MODIFIED: {}}
_LANG: dict[tuple[str, str], Any] = {("query", "lang"): str}
_WISH: dict[tuple[str, str], Any] = {("path", "wish_id"): UUID}
_NO_WISH = (problems.not_found(), problems.not_stored_yet())
_NO_TRACE = (problems.not_found(), problems.not_traced())


def _moderation(summary: str) -> Operation:
    return Operation(summary, _ok(bodies.Moderated), (*_NO_WISH, problems.conflict("")), parameters=_WISH)


OPERATIONS = {
    # --- for everybody ---
    "Submit": Operation(
        "Send a wish",
        {HTTPStatus.ACCEPTED: {JSON: bodies.Accepted}, HTTPStatus.SEE_OTHER: {"text/plain": None}},
        (problems.bad_request(""), problems.too_large(MAX_BYTES), problems.unsupported([]), problems.invalid([])),
        body={JSON: bodies.Wish, FORM: bodies.WishForm},
        parameters={("header", "Idempotency-Key"): UUID} | _LANG,
    ),
    "Receipt": Operation(
        "Read a wish, as JSON or as its receipt", _ok(bodies.Receipt, html=True), _NO_WISH, parameters=_WISH | _LANG
    ),
    "TraceOfAWish": Operation(
        "Read a wish's way through the chain",
        _ok(bodies.Trace),
        (*_NO_WISH, problems.not_traced()),
        parameters=_WISH,
    ),
    "Feed": Operation(
        "Read what the wall shows",
        _ok(bodies.Feed) | _UNCHANGED,
        (problems.bad_query([]),),
        parameters={("query", "after"): bodies.Cursor, ("query", "limit"): bodies.Limit} | _CACHED,
    ),
    "Manifest": Operation("Count boarded wishes and free seats", _ok(bodies.Manifest) | _UNCHANGED, parameters=_CACHED),
    "Form": Operation("Show the form", _ok(html=True), parameters=_LANG),
    "Wall": Operation("Show the wall", _ok(html=True), parameters=_LANG),
    "QrCode": Operation("Draw the form's address", {HTTPStatus.OK: {SVG: None}}),
    "Asset": Operation(
        "Send a file of the pages",
        {HTTPStatus.OK: {"text/css": None, "text/javascript": None, JSON: dict[str, Any], SVG: None}},
        (problems.not_found(),),
        parameters={("path", "file"): str},
    ),
    "Health": Operation("Tell that the frontend answers", _ok(bodies.Health)),
    # --- for operators ---
    "Door": Operation("Show the sign-in", _ok(html=True), parameters=_LANG),
    "SignIn": Operation(
        "Exchange name and password for a token",
        _ok(bodies.Token),
        (problems.bad_request(""), problems.not_signed_in(), problems.unsupported([JSON]), problems.locked()),
        body={JSON: bodies.Credentials},
    ),
    "Console": Operation("Show the console", _ok(html=True), parameters=_LANG),
    "Queue": Operation("Read what is held, and the latest wishes", _ok(bodies.Queue)),
    "Release": _moderation("Show a wish on the wall"),
    "Hide": _moderation("Take a wish off the wall"),
    "Erase": _moderation("Remove name and message of a wish for ever"),
    "Panic": Operation(
        "Blank the wall, or bring it back",
        _ok(bodies.Panic),
        (problems.bad_request(""),),
        body={JSON: bodies.PanicButton},
    ),
    "Mission": Operation("Read the state of the system", _ok(bodies.Overview)),
    "AllLogs": Operation(
        "Read what all functions logged around a moment",
        _ok(bodies.LogLines),
        (problems.bad_query([]),),
        parameters={
            ("query", "around"): AwareDatetime,
            ("query", "span"): Span,
            ("query", "service"): Service,
            ("query", "wish_id"): UUID,
        },
    ),
    "AnyTrace": Operation(
        "Read any trace", _ok(bodies.Trace), _NO_TRACE, parameters={("path", "trace_id"): bodies.TraceId}
    ),
}
