"""Every error of a request as an RFC 9457 problem. The types are stable: clients may compare them.

template.yaml gives API Gateway's own responses (unknown path, throttled) the same shape.
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
        """Return the ``application/problem+json`` document."""
        document = {"type": _PREFIX + self.kind, "title": self.title, "status": int(self.status), "detail": self.detail}
        return json.dumps(document | ({"errors": self.errors} if self.errors else {}))


def bad_request(detail: str) -> Problem:
    """400: the body cannot be read at all."""
    return Problem(HTTPStatus.BAD_REQUEST, "bad-request", "Bad request", detail)


def not_found() -> Problem:
    """404: no such path, or an id that no wish can have."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", "Not found", "There is nothing at this path.")


def not_stored_yet() -> Problem:
    """404: no such wish is stored, perhaps not yet."""
    detail = "No wish with this id is stored. One that was accepted a moment ago may still be travelling."
    return Problem(HTTPStatus.NOT_FOUND, "wish-not-found", "Wish not found", detail, retry_after=1)


def not_traced(*, yet: bool = False) -> Problem:
    """404: this wish has no trace: not ``yet``, or never, since not every wish is traced."""
    detail = "Nothing was recorded, at least not yet." if yet else "The way of this wish was not recorded."
    return Problem(HTTPStatus.NOT_FOUND, "trace-not-found", "Trace not found", detail, retry_after=1 if yet else None)


def too_large(limit: int) -> Problem:
    """413: more bytes than a wish may have. ``limit`` is in bytes."""
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "Too large", f"A wish is at most {limit} bytes.")


def unsupported(accepted: list[str]) -> Problem:
    """415: neither JSON nor a form."""
    detail = f"Send {' or '.join(accepted)}."
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type", detail)


def invalid(errors: list[dict[str, str]]) -> Problem:
    """422: readable, but no valid wish. Each error names its field."""
    detail = "; ".join(f"{error['field']}: {error['detail']}" for error in errors)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-wish", "Not a wish", detail, errors=errors)


def bad_query(errors: list[dict[str, str]]) -> Problem:
    """422: an invalid query string. Each error names its parameter."""
    return replace(invalid(errors), kind="invalid-query", title="Not a query of ours")


def unavailable() -> Problem:
    """503: a queue or the store did not answer. With an Idempotency-Key it is always safe to send the same again.

    Without a key the wish may then be stored twice: our first answer may have been lost on its way.
    """
    detail = "Your wish may not have been taken. Wait a moment and send the same again."
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Not available", detail, retry_after=2)


def read_unavailable() -> Problem:
    """503 for a read: nothing was lost."""
    return replace(unavailable(), detail="This cannot be looked up just now. What was accepted is safe.")


def text_left() -> Problem:
    """503: an erased wish may have text left, since the projector is late or somebody else reads the dead letters."""
    return replace(unavailable(), detail="Text of this wish may be left. Wait a moment and erase it again.")


def forbidden() -> Problem:
    """403: signed in, but no operator."""
    return Problem(HTTPStatus.FORBIDDEN, "forbidden", "Forbidden", "This is for operators.")


def not_signed_in() -> Problem:
    """401: Cognito does not know this name and password."""
    return Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", "Not signed in", "Name or password are not right.")


def locked() -> Problem:
    """429: Cognito lets nobody into this account for a while, after wrong passwords. It does not say how long."""
    detail = "Too many wrong passwords: this account is locked for a while. Try again later."
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "account-locked", "Account locked", detail)


def conflict(detail: str) -> Problem:
    """409: the state of the wish does not allow this action."""
    return Problem(HTTPStatus.CONFLICT, "conflict", "Conflict", detail)


def internal() -> Problem:
    """500: our fault. The response says nothing about it."""
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Internal error", "Something went wrong on our side.")
