"""Every way a request can go wrong, as RFC 9457 problems. The types are stable: clients may compare them.

template.yaml gives API Gateway's own answers (unknown path, throttled) the same shape.
"""

import json
from dataclasses import dataclass, field, replace
from http import HTTPStatus

_PREFIX = "urn:lastwish:problem:"


@dataclass(slots=True)
class Problem(Exception):  # noqa: N818  the RFC's name
    """``errors`` are the failing fields of a 422: ``{"field", "code", "detail"}``. ``retry_after`` is in seconds."""

    status: HTTPStatus
    kind: str
    title: str
    detail: str
    retry_after: int | None = None
    errors: list[dict[str, str]] = field(default_factory=list)

    def body(self) -> str:
        """The ``application/problem+json`` document."""
        document: dict[str, object] = {
            "type": _PREFIX + self.kind,
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = self.errors
        return json.dumps(document)


def bad_request(detail: str) -> Problem:
    """400: what came cannot be read at all."""
    return Problem(HTTPStatus.BAD_REQUEST, "bad-request", "Bad request", detail)


def not_found() -> Problem:
    """404: no such path, or an id that no wish can have."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", "Not found", "There is nothing at this path.")


def not_stored_yet() -> Problem:
    """404 for a wish that nobody knows, at least not yet."""
    detail = "No wish with this id is stored. One that was accepted a moment ago may still be travelling."
    return Problem(HTTPStatus.NOT_FOUND, "wish-not-found", "Wish not found", detail, retry_after=1)


def not_traced(*, yet: bool = False) -> Problem:
    """404: nothing was recorded of this wish's way: not ``yet``, or, since not every wish is traced, for ever."""
    detail = "Nothing was recorded, at least not yet." if yet else "The way of this wish was not recorded."
    return Problem(HTTPStatus.NOT_FOUND, "trace-not-found", "Trace not found", detail, retry_after=1 if yet else None)


def too_large(limit: int) -> Problem:
    """413: more bytes than a wish can have. ``limit`` is in bytes."""
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "Too large", f"A wish is at most {limit} bytes.")


def unsupported(accepted: list[str]) -> Problem:
    """415: neither JSON nor a form."""
    return Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "Unsupported media type",
        f"Send {' or '.join(accepted)}.",
    )


def invalid(errors: list[dict[str, str]]) -> Problem:
    """422: readable, but not a wish. Each error names its field."""
    detail = "; ".join(f"{error['field']}: {error['detail']}" for error in errors)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-wish", "Not a wish", detail, errors=errors)


def bad_query(errors: list[dict[str, str]]) -> Problem:
    """422: a query string that makes no sense. Each error names its parameter."""
    return replace(invalid(errors), kind="invalid-query", title="Not a query of ours")


def unavailable() -> Problem:
    """503: a queue or the store did not answer. With an Idempotency-Key, sending the same again is always safe.

    Without one it may be stored twice: an answer that was lost on its way back looks the same as none.
    """
    detail = "Your wish may not have been taken. Wait a moment and send the same again."
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Not available", detail, retry_after=2)


def unreadable() -> Problem:
    """503 for who only looks: nothing was lost by it."""
    return replace(unavailable(), detail="This cannot be looked up just now. What was accepted is safe.")


def forbidden() -> Problem:
    """403: signed in, but no operator."""
    return Problem(HTTPStatus.FORBIDDEN, "forbidden", "Forbidden", "This is for operators.")


def not_signed_in() -> Problem:
    """401: Cognito does not know this name and password."""
    return Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", "Not signed in", "Name or password are not right.")


def not_now(detail: str) -> Problem:
    """409: what was asked for does not go with what the wish is by now."""
    return Problem(HTTPStatus.CONFLICT, "conflict", "Conflict", detail)


def internal() -> Problem:
    """500: our fault, and nothing about it leaves the house."""
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Internal error", "Something went wrong on our side.")
