"""Receipts: the response that leads to one, and ``GET /wishes/{wish_id}`` as JSON or as a page."""

import html
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from domain.commit import Commit, events_of
from domain.envelope import timestamp
from domain.wish import fold
from web import problems, responses
from web.problems import Problem
from web.requests import Request
from web.templating import render

_VARY = {"Vary": "Accept, Accept-Language"}


def accepted_response(request: Request, wish_id: str) -> Response[str]:
    """Return 202 with the wish id, or for a form 303 to its receipt."""
    link = f"wishes/{wish_id}"
    if request.is_form:
        return responses.see_other(link + request.language_query)
    document = {"wish_id": wish_id, "status": "submitted", "links": {"self": link}}
    return responses.json_document(document, HTTPStatus.ACCEPTED)


def receipt_response(request: Request, wish_id: str, commits: list[Commit], now: datetime) -> Response[str]:
    """Return a stored wish as JSON or as the receipt page. Raises Problem 404 for JSON of a wish not stored yet."""
    receipt = receipt_document(wish_id, commits, now)
    if receipt is None:
        if request.wants_html:
            return travelling_response(request, wish_id, problems.not_stored_yet())
        raise problems.not_stored_yet()
    if request.wants_html:
        return responses.page(render("receipt.html", request.language, root="../", wish=receipt), headers=_VARY)
    return responses.json_document(receipt, headers=_VARY)


def travelling_response(request: Request, wish_id: str, problem: Problem) -> Response[str]:
    """Return the receipt page of a wish that cannot be read yet. The page refreshes itself."""
    page = render("travelling.html", request.language, root="../", wish_id=wish_id, kind=problem.kind)
    return responses.page(page, problem.status, headers={**_VARY, **responses.retry_after(problem)})


def receipt_document(wish_id: str, commits: list[Commit], now: datetime) -> dict[str, Any] | None:
    """Return the folded wish as of now, with its history; None where there is no commit.

    ``message`` and ``name`` are what was typed, for ``textContent``; the ``_html`` twins are escaped, for templates.
    All four are None while the wish is hidden: the wall's feed may have told its id to everybody.
    """
    wish = fold(events_of(commits))
    if wish is None:
        return None
    visibility = wish.visibility_at(now)
    name, message = (None, None) if visibility == "hidden" else (wish.name, wish.message)
    return {
        "wish_id": wish_id,
        "status": wish.status,
        "visibility": visibility,
        "shown_at": timestamp(wish.shown_since) if wish.shown_since else None,
        "reason": wish.reason,
        "destination": wish.destination,
        "name": _typed(name),
        "name_html": name,
        "message": _typed(message),
        "message_html": message,
        "seat": wish.seat,
        "pod": wish.pod,
        "arrives_on": wish.arrives_on.isoformat() if wish.arrives_on else None,
        "history": [
            {"version": commit.version, "type": recorded.event.type, "time": timestamp(recorded.time)}
            for commit in commits
            for recorded in commit.events
        ],
        "trace_id": commits[0].trace_id,
    }


def _typed(escaped: str | None) -> str | None:
    return None if escaped is None else html.unescape(escaped)
