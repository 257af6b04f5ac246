"""What the frontend reads of an API Gateway event."""

from uuid import UUID

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from frontend import problems
from frontend.pages import prefers_html
from frontend.submission import is_form


class Request:
    """A view of one request. Header names are case-insensitive."""

    def __init__(self, event: APIGatewayProxyEvent) -> None:
        self._event = event
        self._headers = {name.lower(): value for name, value in (event.headers or {}).items()}

    @property
    def body(self) -> bytes:
        """The bytes that were sent. Lone surrogates, which no UTF-8 body has, become question marks."""
        body: bytes | str = self._event.decoded_body or b""
        return body if isinstance(body, bytes) else body.encode(errors="replace")

    @property
    def content_type(self) -> str:
        return self._headers.get("content-type", "")

    @property
    def idempotency_key(self) -> str | None:
        return self._headers.get("idempotency-key")

    @property
    def correlation_id(self) -> str:
        """API Gateway's id of the request: the one that its access log names too."""
        return self._event.request_context.request_id or "unknown"

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
