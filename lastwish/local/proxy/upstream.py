"""What goes from the proxy to the engine and back: the headers and query that are safe, and answers made AWS-like.

The engine finds out which AWS service a request is for by its Host, Authorization, X-Amz-* headers and X-Amz-* query
parameters, besides the path. None of these may come from a client, so headers pass by name, from a list.
"""

from urllib.parse import unquote_to_bytes

import httpx

from lastwish.local.proxy.routes import Door, GatewayAnswer

Headers = list[tuple[bytes, bytes]]

_REQUEST_HEADERS = frozenset({
    b"accept",
    b"accept-language",
    b"cache-control",
    b"content-type",
    b"cookie",
    b"idempotency-key",
    b"if-match",
    b"if-modified-since",
    b"if-none-match",
    b"origin",
    b"referer",
    b"sec-fetch-dest",
    b"sec-fetch-mode",
    b"sec-fetch-site",
    b"user-agent",
})  # fmt: skip
# Hop by hop (RFC 9110, 7.6.1), undone by our client, or said again by our server.
_NOT_THE_CLIENTS = frozenset({
    b"connection", b"content-encoding", b"content-length", b"date", b"keep-alive", b"proxy-authenticate",
    b"proxy-connection", b"server", b"te", b"trailer", b"transfer-encoding", b"upgrade",
})  # fmt: skip


def request_headers(headers: Headers) -> Headers:
    """The client's headers that the API may see. `headers` have lower-case names, as ASGI has them."""
    return [(name, value) for name, value in headers if name in _REQUEST_HEADERS or _bearer(name, value)]


def _bearer(name: bytes, value: bytes) -> bool:
    # A SigV4 header would choose the engine's account and service; a token is for our own authorizer.
    return name == b"authorization" and value[:7].lower() == b"bearer "


def safe_query(query: bytes) -> bytes:
    """The raw query string without the parameters that carry AWS credentials and signatures."""
    return b"&".join(pair for pair in query.split(b"&") if not _is_signature(pair))


def _is_signature(pair: bytes) -> bool:
    name = unquote_to_bytes(pair.partition(b"=")[0].replace(b"+", b" ")).strip().lower()
    return name.startswith((b"x-amz-", b"awsaccesskeyid"))


def response_headers(response: httpx.Response) -> Headers:
    """The engine's headers that the client may see."""
    return [(name.lower(), value) for name, value in response.headers.raw if name.lower() not in _NOT_THE_CLIENTS]


def gateway_answer(response: httpx.Response, door: Door) -> GatewayAnswer | None:
    """What API Gateway would have said where the engine gave an error of its own; None where the function spoke.

    Functions send errors as problem+json, or as a page to a person. The engine's are `{"message": ...}`, whatever the
    template's gateway responses say: a 401 for a token that is missing, forged or expired, a 403 for an unknown path.
    """
    spoken = ("application/problem+json", "text/html")
    if response.status_code < 400 or response.headers.get("content-type", "").startswith(spoken):
        return None
    if response.status_code >= 500:
        return door.answers["INTEGRATION_FAILURE"]
    own = {403: "MISSING_AUTHENTICATION_TOKEN", 404: "MISSING_AUTHENTICATION_TOKEN"}
    own |= {401: "UNAUTHORIZED", 413: "REQUEST_TOO_LARGE", 429: "THROTTLED"}
    return door.answers.get(own.get(response.status_code, ""))
