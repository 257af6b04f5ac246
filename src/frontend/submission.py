"""Turn the bytes of a request into a clean submission: check the size, parse form or JSON, check fields, clean text.

Every refusal is a Problem that names the field and never repeats its value.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from domain.envelope import canonical
from domain.events import DESTINATIONS, WishSubmitted
from domain.identity import keyed_wish_id, payload_digest
from frontend.escape import escape
from frontend.sanitise import normalise
from web import problems
from web.language import media_type

MAX_BYTES = 8 * 1024
MAX_MESSAGE = 500
MAX_NAME = 60
_MOST_FIELDS = 20
_TAG = re.compile("&lt;[a-zA-Z/!?]")  # the start of a tag in the escaped form
_FIELDS = ("message", "destination", "name")


@dataclass(frozen=True, slots=True)
class Submission:
    """A clean wish with its id."""

    wish_id: str
    event: WishSubmitted

    @property
    def has_markup(self) -> bool:
        """Return true where the text has what a browser could read as a tag; the heart in "I <3 you" is none."""
        return bool(_TAG.search(f"{self.event.name} {self.event.message}"))


def read_body(body: bytes, content_type: str, key_header: str | None, fallback_key: UUID) -> Submission:
    """Bound, parse, validate and sanitise a body. Raises Problem: 400, 413, 415 or 422.

    ``fallback_key`` is the key of a form that has none: the page that we send after an error keeps it for the retry.
    """
    if len(body) > MAX_BYTES:
        raise problems.too_large(MAX_BYTES)
    media = media_type(content_type)
    if media not in _READERS:
        raise problems.unsupported(list(_READERS))
    fields, key_field = _READERS[media](body)
    header_key, field_key = _idempotency_key(key_header), _idempotency_key(key_field)  # both must be right
    key = header_key or field_key
    if key is None and _READERS[media] is read_form:
        key = fallback_key
    event = _validated(fields)
    return Submission(keyed_wish_id(key, event.digest) if key else str(uuid4()), event)


def read_form(body: bytes) -> tuple[dict[str, Any], str | None]:
    """Return the fields of a form and its idempotency key. Raises Problem 400 or 422."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise problems.bad_request(f"The body is not a form in UTF-8 of at most {_MOST_FIELDS} fields.") from None
    fields = _unique_fields(pairs, "form")
    fields.pop("lang", None)  # the language of the answer, not of the wish
    key = fields.pop("idempotency_key", None)
    return fields, key or None  # a page without script sends the hidden field empty


def _unique_fields(pairs: list[tuple[str, Any]], where: str = "body") -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise problems.invalid([{"field": where, "code": "twice", "detail": "A field came twice."}])
    return dict(pairs)


def _read_json(body: bytes) -> tuple[dict[str, Any], None]:
    try:
        fields = json.loads(body.decode(), object_pairs_hook=_unique_fields)
    except (ValueError, RecursionError):
        raise problems.bad_request("The body is not JSON in UTF-8.") from None
    if not isinstance(fields, dict):
        raise problems.invalid([{"field": "body", "code": "text", "detail": "A wish is a JSON object."}])
    return fields, None


_READERS: dict[str, Callable[[bytes], tuple[dict[str, Any], str | None]]] = {
    "application/json": _read_json,
    "application/x-www-form-urlencoded": read_form,
}


def _idempotency_key(key: str | None) -> UUID | None:
    if key is None:
        return None
    try:
        return UUID(canonical(key.strip().lower()))
    except ValueError:
        raise problems.bad_request("The Idempotency-Key is not a UUID.") from None


def _validated(fields: dict[str, Any]) -> WishSubmitted:
    errors = [
        {"field": normalise(name)[:50], "code": "unknown", "detail": "Unknown field."}
        for name in fields
        if name not in _FIELDS
    ]
    message = _text(fields.get("message"), "message", 1, MAX_MESSAGE, errors)
    name = _text(fields["name"], "name", 0, MAX_NAME, errors) if fields.get("name") is not None else None
    destination: Any = fields.get("destination")
    if destination not in DESTINATIONS:
        choice = f"Choose {' or '.join(DESTINATIONS)}."
        errors.append({"field": "destination", "code": "destination", "detail": choice})
    if errors:
        raise problems.invalid(errors)
    clean_name, clean_message = escape(name) if name else None, escape(message)
    digest = payload_digest(destination, clean_name, clean_message)
    return WishSubmitted(destination=destination, name=clean_name, message=clean_message, digest=digest)


def _text(value: object, field: str, shortest: int, longest: int, errors: list[dict[str, str]]) -> str:
    if not isinstance(value, str):
        errors.append({"field": field, "code": "text", "detail": "This must be text."})
        return ""
    text = normalise(value)
    if not shortest <= len(text) <= longest:
        length = f"{shortest} to {longest}" if shortest else f"at most {longest}"
        errors.append({"field": field, "code": f"{field}-length", "detail": f"This must be {length} characters long."})
    return text
