"""Filter what passes between proxy and engine: safe headers and query to it, responses as of API Gateway from it.

The engine takes the AWS service of a request from its Host, Authorization and X-Amz-* headers and X-Amz-* query
parameters, besides the path. None of these may come from a client, so only listed headers pass.
"""

from urllib.parse import unquote_to_bytes

import httpx

from lastwish.local.proxy.gateway import Gateway, GatewayResponse

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
# Hop by hop (RFC 9110, 7.6.1), undone by our client, or set again by our server; the last is none of API Gateway's.
_DROPPED_RESPONSE_HEADERS = frozenset({
    b"connection", b"content-encoding", b"content-length", b"date", b"keep-alive", b"proxy-authenticate",
    b"proxy-connection", b"server", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"x-amz-request-id",
})  # fmt: skip
# The gateway response that AWS gives where the engine gives an error of its own with this status.
_GATEWAY_RESPONSES = {
    401: "UNAUTHORIZED",
    403: "MISSING_AUTHENTICATION_TOKEN",
    404: "MISSING_AUTHENTICATION_TOKEN",
    413: "REQUEST_TOO_LARGE",
    429: "THROTTLED",
}


def request_headers(headers: Headers) -> Headers:
    """Return the client's headers that the API may see. Names are lower-case, as ASGI has them."""
    return [(name, value) for name, value in headers if name in _REQUEST_HEADERS or _is_bearer(name, value)]


def _is_bearer(name: bytes, value: bytes) -> bool:
    # A SigV4 header would choose the engine's account and service; a token is for our own authorizer.
    return name == b"authorization" and value[:7].lower() == b"bearer "


def safe_query(query: bytes) -> bytes:
    """Return the raw query string without the parameters that carry AWS credentials and signatures."""
    return b"&".join(pair for pair in query.split(b"&") if not _is_signature(pair))


def _is_signature(pair: bytes) -> bool:
    name = unquote_to_bytes(pair.partition(b"=")[0].replace(b"+", b" ")).strip().lower()
    return name.startswith((b"x-amz-", b"awsaccesskeyid"))


def response_headers(response: httpx.Response) -> Headers:
    """Return the engine's headers that the client may see."""
    headers = [(name.lower(), value) for name, value in response.headers.raw]
    return [(name, value) for name, value in headers if name not in _DROPPED_RESPONSE_HEADERS]


def gateway_response(response: httpx.Response, gateway: Gateway) -> GatewayResponse | None:
    """Return API Gateway's own response where the engine gave an error of its own; None where the function answered.

    Functions send errors as problem+json, or as a page to a person. The engine's are `{"message": ...}`, whatever the
    template's gateway responses are: a 401 for a token that is missing, forged or expired, a 403 for an unknown path.
    """
    from_function = ("application/problem+json", "text/html")
    if response.status_code < 400 or response.headers.get("content-type", "").startswith(from_function):
        return None
    if response.status_code >= 500:
        return gateway.responses["INTEGRATION_FAILURE"]
    return gateway.responses.get(_GATEWAY_RESPONSES.get(response.status_code, ""))
