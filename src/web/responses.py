"""HTTP responses: status, headers and body. Links are relative, so any base path works."""

import hashlib
import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from web import templating
from web.problems import Problem
from web.requests import Request

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_document(
    document: dict[str, Any], status: int = HTTPStatus.OK, *, headers: dict[str, str] | None = None
) -> Response[str]:
    """Return JSON that no cache may keep."""
    return Response(status, _JSON, json.dumps(document, ensure_ascii=False), headers={**_NO_STORE, **(headers or {})})


def cached(request: Request, document: dict[str, Any]) -> Response[str]:
    """Return JSON that is the same for everybody for a second: a cache takes most requests, an ETag the rest."""
    body = json.dumps(document, ensure_ascii=False)
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
    # No stale response when we do not answer: it would bring back wishes that were hidden meanwhile.
    cache_control = "public, max-age=1, s-maxage=1, stale-if-error=0"
    headers = {"Cache-Control": cache_control, "ETag": etag, "X-Content-Type-Options": "nosniff"}
    if etag in request.etag:
        return Response(HTTPStatus.NOT_MODIFIED, _JSON, "", headers=headers)
    return Response(HTTPStatus.OK, _JSON, body, headers=headers)


def page(
    html: str, status: int = HTTPStatus.OK, *, max_age: int = 0, headers: dict[str, str] | None = None
) -> Response[str]:
    """Return an HTML page; ``max_age`` in seconds, 0 for a page that no cache may keep."""
    cache = {"Cache-Control": f"public, max-age={max_age}" if max_age else "no-store", "Vary": "Accept-Language"}
    return Response(status, templating.HTML, html, headers={**templating.SECURITY_HEADERS, **cache, **(headers or {})})


def static(body: str, media_type: str, cache_control: str) -> Response[str]:
    """Return a body that is the same for everybody, whatever they accept."""
    headers = {"Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    return Response(HTTPStatus.OK, media_type, body, headers=headers)


def see_other(location: str) -> Response[str]:
    """Return a 303 to another page."""
    headers = {"Location": location, **_NO_STORE}
    return Response(HTTPStatus.SEE_OTHER, "text/plain; charset=utf-8", location, headers=headers)


def problem(_: Request, problem: Problem) -> Response[str]:
    """Return the problem document."""
    headers = {**_NO_STORE, **retry_after(problem), "Vary": "Accept"}
    return Response(problem.status, _PROBLEM, problem.body(), headers=headers)


def retry_after(problem: Problem) -> dict[str, str]:
    """Return the Retry-After header, where a retry can help."""
    return {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
