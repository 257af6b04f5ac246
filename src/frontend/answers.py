"""From outcomes to HTTP: status, headers and body. Links are relative, so any base path works."""

import hashlib
import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from frontend import pages, problems
from frontend.request import Request
from frontend.submission import read_form

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def accepted(request: Request, wish_id: str) -> Response[str]:
    """202 with the id, or for a form the way to its receipt."""
    link = f"wishes/{wish_id}"
    if request.is_form:
        return Response(
            HTTPStatus.SEE_OTHER, "text/plain; charset=utf-8", link, headers={"Location": link, **_NO_STORE}
        )
    document = {"wish_id": wish_id, "status": "submitted", "links": {"self": link}}
    return json_document(document, HTTPStatus.ACCEPTED)


def wish(request: Request, wish_id: str, view: dict[str, Any] | None) -> Response[str]:
    """A stored wish or 404, as JSON or as the receipt page."""
    vary = {"Vary": "Accept"}
    if not request.wants_html:
        if view is None:
            raise problems.not_stored_yet()
        return json_document(view, headers=vary)
    if view is None:
        retry = {"Retry-After": str(problems.not_stored_yet().retry_after)}
        return page(pages.still_travelling(wish_id), HTTPStatus.NOT_FOUND, headers=vary | retry)
    return page(pages.receipt(view), headers=vary)


def problem(request: Request, found: problems.Problem) -> Response[str]:
    """The problem document; to a person who sent the form, the form again with what they typed."""
    retry = {"Retry-After": str(found.retry_after)} if found.retry_after else {}
    if request.wants_html and request.is_form:
        return page(pages.form_again(_typed(request), found), found.status, headers=retry)
    return Response(found.status, _PROBLEM, found.body(), headers={**_NO_STORE, **retry, "Vary": "Accept"})


def page(
    html: str, status: int = HTTPStatus.OK, *, max_age: int = 0, headers: dict[str, str] | None = None
) -> Response[str]:
    """An HTML page; ``max_age`` in seconds, 0 for one that nobody may keep."""
    cache = {"Cache-Control": f"public, max-age={max_age}" if max_age else "no-store"}
    return Response(status, pages.HTML, html, headers={**pages.SECURITY_HEADERS, **cache, **(headers or {})})


def cached(request: Request, document: dict[str, Any]) -> Response[str]:
    """JSON that is the same for everybody for a second: a cache in front absorbs the crowd, an ETag the rest."""
    body = json.dumps(document, ensure_ascii=False)
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
    headers = {"Cache-Control": "public, max-age=0, s-maxage=1", "ETag": etag, "X-Content-Type-Options": "nosniff"}
    if etag in request.etag:
        return Response(HTTPStatus.NOT_MODIFIED, _JSON, "", headers=headers)
    return Response(HTTPStatus.OK, _JSON, body, headers=headers)


def asset(found: pages.Asset) -> Response[str]:
    """A static file."""
    headers = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
    return Response(HTTPStatus.OK, found.media_type, found.body, headers=headers)


def json_document(
    document: dict[str, Any], status: int = HTTPStatus.OK, *, headers: dict[str, str] | None = None
) -> Response[str]:
    """A JSON answer that nobody may keep."""
    body = json.dumps(document, ensure_ascii=False)
    return Response(status, _JSON, body, headers={**_NO_STORE, **(headers or {})})


def _typed(request: Request) -> dict[str, Any]:
    """What the form held, with its key: the same wish sent again after a 503 must stay the same wish."""
    try:
        fields, key = read_form(request.body)
    except problems.Problem:
        return {}
    return {**fields, "idempotency_key": key or str(request.spare_key)}
