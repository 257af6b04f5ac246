"""From outcomes to HTTP: status, headers and body. Links are relative, so any base path works."""

import hashlib
import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from web import problems, templating
from web.requests import Request

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_A_YEAR = "public, max-age=31536000, immutable"


def json_document(
    document: dict[str, Any], status: int = HTTPStatus.OK, *, headers: dict[str, str] | None = None
) -> Response[str]:
    """A JSON answer that nobody may keep."""
    body = json.dumps(document, ensure_ascii=False)
    return Response(status, _JSON, body, headers={**_NO_STORE, **(headers or {})})


def cached(request: Request, document: dict[str, Any]) -> Response[str]:
    """JSON that is the same for everybody for a second: a cache in front absorbs the crowd, an ETag the rest."""
    body = json.dumps(document, ensure_ascii=False)
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
    # Rather no news than old ones: what was hidden or blanked meanwhile must not come back because we do not answer.
    keep = "public, max-age=1, s-maxage=1, stale-if-error=0"
    headers = {"Cache-Control": keep, "ETag": etag, "X-Content-Type-Options": "nosniff"}
    if etag in request.etag:
        return Response(HTTPStatus.NOT_MODIFIED, _JSON, "", headers=headers)
    return Response(HTTPStatus.OK, _JSON, body, headers=headers)


def page(
    html: str, status: int = HTTPStatus.OK, *, max_age: int = 0, headers: dict[str, str] | None = None
) -> Response[str]:
    """An HTML page; ``max_age`` in seconds, 0 for one that nobody may keep."""
    cache = {"Cache-Control": f"public, max-age={max_age}" if max_age else "no-store", "Vary": "Accept-Language"}
    return Response(status, templating.HTML, html, headers={**templating.SECURITY_HEADERS, **cache, **(headers or {})})


def asset(found: templating.Asset) -> Response[str]:
    """A static file, kept for a year under the name that changes with what is in it, else for a minute."""
    return static(found.body, found.media_type, _A_YEAR if found.is_current else "public, max-age=60")


def static(body: str, media_type: str, cache_control: str) -> Response[str]:
    """The same for everybody, whatever they accept."""
    headers = {"Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    return Response(HTTPStatus.OK, media_type, body, headers=headers)


def see_other(location: str) -> Response[str]:
    """303: the way to another page."""
    return Response(
        HTTPStatus.SEE_OTHER, "text/plain; charset=utf-8", location, headers={"Location": location, **_NO_STORE}
    )


def problem(_: Request, found: problems.Problem) -> Response[str]:
    """The problem document."""
    return Response(found.status, _PROBLEM, found.body(), headers={**_NO_STORE, **retry(found), "Vary": "Accept"})


def retry(found: problems.Problem) -> dict[str, str]:
    """The header that says when to come back, where coming back helps."""
    return {"Retry-After": str(found.retry_after)} if found.retry_after else {}
