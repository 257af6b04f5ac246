"""What the frontend reads of an API Gateway event."""

import base64
from uuid import UUID, uuid5

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from frontend import problems
from frontend.pages import prefers_html
from frontend.submission import is_form

_KEYS = UUID("0b8f7f57-3f0c-4b57-9f5c-6f4a5f0c2045")


class Request:
    """A view of one request. Header names are case-insensitive."""

    def __init__(self, event: APIGatewayProxyEvent) -> None:
        self._event = event
        self._headers = {name.lower(): value for name, value in (event.headers or {}).items() if value}

    @property
    def body(self) -> bytes:
        """The bytes that were sent. Raises Problem 400 where API Gateway's base64 is none."""
        body = self._event.body or ""
        if not self._event.is_base64_encoded:
            return body.encode(errors="replace")  # no body in UTF-8 has the lone surrogates that this replaces
        try:
            return base64.b64decode(body, validate=True)
        except ValueError:
            raise problems.bad_request("The body cannot be read.") from None

    @property
    def content_type(self) -> str:
        return self._headers.get("content-type", "")

    @property
    def idempotency_key(self) -> str | None:
        return self._headers.get("idempotency-key")

    @property
    def etag(self) -> str:
        """What the client says it has already."""
        return self._headers.get("if-none-match", "")

    def query(self, name: str, default: str) -> str:
        """A parameter of the query string."""
        value: str = (self._event.query_string_parameters or {}).get(name, default)
        return value

    @property
    def correlation_id(self) -> str:
        """API Gateway's id of the request: the one that its access log names too."""
        return self._event.request_context.request_id or "unknown"

    @property
    def spare_key(self) -> UUID:
        """The key of a form that came without one: sent again from the page that we answer, it is the same wish."""
        return uuid5(_KEYS, self.correlation_id)

    @property
    def is_form(self) -> bool:
        return is_form(self.content_type)

    @property
    def wants_html(self) -> bool:
        return prefers_html(self._headers.get("accept", ""))

    def as_wish_id(self, given: str) -> str:
        """The id in its canonical form. Raises Problem 404 for what cannot be one."""
        try:
            wish_id = str(UUID(given))
        except ValueError:
            raise problems.not_found() from None
        if wish_id != given.lower():
            raise problems.not_found()
        return wish_id
