"""What a function reads of an API Gateway event."""

import base64
import re
from urllib.parse import parse_qs
from uuid import UUID, uuid5

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from web import problems
from web.language import language, preferred

OPERATORS = "operators"  # the user pool's group
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
        """Whether a person's browser sent it as a form."""
        return self.content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"

    @property
    def is_post(self) -> bool:
        return self._event.http_method == "POST"

    @property
    def looks_at(self) -> str | None:
        """The wish that somebody wants to see."""
        found = re.fullmatch(r"/wishes/([0-9a-f-]{36})", self._event.path)
        return found[1] if found and not self.is_post else None

    @property
    def root(self) -> str:
        """The relative way from this path to the base URL."""
        return "../" * (self._event.path.count("/") - 1)

    @property
    def wants_html(self) -> bool:
        """Whether HTML is ranked above JSON, as browsers do and ``curl`` does not."""
        return preferred(self._headers.get("accept", ""), ("application/json", "text/html")) == "text/html"

    @property
    def language(self) -> str:
        """The language that the link or the form asks for, else the browser's."""
        return language(self.query("lang", "") or self._form_field("lang"), self._headers.get("accept-language", ""))

    @property
    def chosen_language(self) -> str:
        """The query string that keeps a language which is not the browser's own, else nothing."""
        theirs = language("", self._headers.get("accept-language", ""))
        return f"?lang={self.language}" if self.language != theirs else ""

    def _form_field(self, name: str) -> str:
        try:
            body = self.body[:8192] if self.is_form else b""
        except problems.Problem:
            return ""
        return parse_qs(body.decode(errors="replace"), errors="replace").get(name, [""])[0]

    @property
    def base_url(self) -> str:
        """Where API Gateway says that this stage is."""
        context = self._event.request_context
        return f"https://{context.domain_name}/{context.stage}/"

    @property
    def user(self) -> str:
        """Name of the signed-in user. API Gateway's authorizer has checked the token, else there is none."""
        return self._claims.get("cognito:username") or self._claims.get("username") or ""

    @property
    def groups(self) -> frozenset[str]:
        """The groups of the signed-in user, which the authorizer passes on as one string, with commas or spaces."""
        return frozenset(re.split(r"[\[\]\s,]+", self._claims.get("cognito:groups", ""))) - {""}

    def as_operator(self) -> "Request":
        """Itself, if it is an operator's. Raises Problem 403."""
        if OPERATORS not in self.groups:
            raise problems.forbidden()
        return self

    @property
    def _claims(self) -> dict[str, str]:
        return (self._event.raw_event["requestContext"].get("authorizer") or {}).get("claims") or {}

    def as_wish_id(self, given: str) -> str:
        """The id in its canonical form. Raises Problem 404 for what cannot be one."""
        try:
            wish_id = str(UUID(given))
        except ValueError:
            raise problems.not_found() from None
        if wish_id != given.lower():
            raise problems.not_found()
        return wish_id
