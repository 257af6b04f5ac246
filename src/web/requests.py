"""An HTTP request, read from an API Gateway event."""

import base64
import json
import re
from urllib.parse import parse_qs
from uuid import UUID, uuid5

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from domain.envelope import canonical
from web import problems
from web.language import language, media_type, preferred

OPERATORS = "operators"  # the user pool's group
# API Gateway's own: a client chooses requestId with a header, and two requests would have one id.
CORRELATION_ID = "requestContext.extendedRequestId"
_KEYS = UUID("0b8f7f57-3f0c-4b57-9f5c-6f4a5f0c2045")


class Request:
    """One request. Header names are case-insensitive."""

    def __init__(self, event: APIGatewayProxyEvent) -> None:
        self._event = event
        self._headers = {name.lower(): value for name, value in (event.headers or {}).items() if value is not None}

    @property
    def body(self) -> bytes:
        """Return the bytes that were sent. Raises Problem 400 for invalid base64."""
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
        """Return the ETags of what the client has already, from If-None-Match."""
        return self._headers.get("if-none-match", "")

    def query[T](self, name: str, default: T) -> str | T:
        """Return a parameter of the query string."""
        return (self._event.query_string_parameters or {}).get(name, default)

    @property
    def correlation_id(self) -> str:
        """Return API Gateway's id of the request, which its access log has too."""
        return self._event.request_context.extended_request_id or "unknown"

    @property
    def fallback_key(self) -> UUID:
        """Return the key for a form that has none. Our answer holds it, so the form sent again is the same wish."""
        return uuid5(_KEYS, self.correlation_id)

    @property
    def is_form(self) -> bool:
        """Return true for what a browser sent as a form."""
        return media_type(self.content_type) == "application/x-www-form-urlencoded"

    @property
    def is_post(self) -> bool:
        return self._event.http_method == "POST"

    @property
    def viewed_wish_id(self) -> str | None:
        """Return the id of the wish whose receipt is requested, else None."""
        match = re.fullmatch(r"/wishes/([0-9a-f-]{36})", self._event.path)
        return match[1] if match and not self.is_post else None

    @property
    def root(self) -> str:
        """Return the relative path from this path to the base URL."""
        return "../" * (self._event.path.count("/") - 1)

    @property
    def wants_html(self) -> bool:
        """Return true where HTML ranks above JSON, as in browsers and not in ``curl``."""
        return preferred(self._headers.get("accept", ""), ("application/json", "text/html")) == "text/html"

    @property
    def language(self) -> str:
        """Return the language that the link or the form names, else the browser's."""
        return language(self.query("lang", "") or self._form_field("lang"), self._headers.get("accept-language", ""))

    @property
    def language_query(self) -> str:
        """Return the query string that keeps a language which is not the browser's own, else nothing."""
        browsers = language("", self._headers.get("accept-language", ""))
        return f"?lang={self.language}" if self.language != browsers else ""

    def _form_field(self, name: str) -> str:
        try:
            body = self.body[:8192] if self.is_form else b""
        except problems.Problem:
            return ""
        return parse_qs(body.decode(errors="replace"), errors="replace").get(name, [""])[0]

    @property
    def base_url(self) -> str:
        """Return the URL of this stage, from API Gateway."""
        context = self._event.request_context
        return f"https://{context.domain_name}/{context.stage}/"

    @property
    def user(self) -> str:
        """Return the name of the signed-in user, empty without one. API Gateway's authorizer has checked the token."""
        return self._claims.get("cognito:username") or self._claims.get("username") or ""

    @property
    def groups(self) -> frozenset[str]:
        """Return the groups of the signed-in user, empty without one.

        The authorizer joins them to one text, in which one group "x,operators" reads like two. So they come from the
        list in the token that it has checked, and count only if they make up its text: of two Authorization headers it
        may have checked the other one.
        """
        payload = self._headers.get("authorization", "").partition(".")[2].partition(".")[0]
        try:
            groups = json.loads(base64.urlsafe_b64decode(payload + "=="))["cognito:groups"]
            joined = {",".join(groups), f"[{' '.join(groups)}]"}  # API Gateway's texts of a list
        except (ValueError, RecursionError, KeyError, TypeError):
            return frozenset()
        return frozenset(groups) if self._claims.get("cognito:groups") in joined else frozenset()

    def require_operator(self) -> "Request":
        """Return the request if an operator sent it with an id token. Raises Problem 403."""
        if self._claims.get("token_use") != "id" or OPERATORS not in self.groups:
            raise problems.forbidden()
        return self

    @property
    def _claims(self) -> dict[str, str]:
        return (self._event.raw_event["requestContext"].get("authorizer") or {}).get("claims") or {}

    def parse_wish_id(self, text: str) -> str:
        """Return the id in its canonical form. Raises Problem 404 for a text that is no id."""
        try:
            return canonical(text.lower())
        except ValueError:
            raise problems.not_found() from None
