"""API Gateway as template.yaml configures it: which routes exist, its own responses, compression.

All of it is read from the template, so that a route added there is a route here. A function whose resource has
`Metadata: {LoopbackOnly: true}` is for operators, and so is a route that requires a token: clients on a network do not
have those routes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lastwish.errors import TemplateError
from lastwish.local.template import resources as read_resources

_PARAMETER = re.compile(r"\{[^/{}]+\}")

# Percent-encoded: a dot (a dot segment in disguise), a slash or backslash, a control character, a percent sign (all of
# these encoded twice).
_DISGUISE = re.compile(rb"%(2[ef5]|5c|[01][0-9a-f]|7f)", re.IGNORECASE)
# The characters of a path in RFC 3986, and percent signs only where they encode something.
_PLAIN = re.compile(rb"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_DOTS_OR_NOTHING = re.compile(rb"/\.{0,2}(?=/)|/\.{1,2}$")
# Names that only this machine has for itself. Any port: a tunnel (`ssh -L`) ends at another one than ours.
_THIS_MACHINE = re.compile(rb"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class Route:
    """A method and a path as the template has them, e.g. `/wishes/{wish_id}`; `pattern` matches a whole raw path."""

    method: str
    path: str
    pattern: re.Pattern[bytes]


@dataclass(frozen=True)
class GatewayResponse:
    """A response of API Gateway's own: status, headers (lower case), body."""

    status: int
    headers: dict[str, str]
    body: bytes


# API Gateway refuses what is no HTTP before it looks for an API, so the template cannot say how.
MALFORMED = GatewayResponse(
    400,
    {"content-type": "application/problem+json", "cache-control": "no-store", "connection": "close"},
    b'{"type":"urn:lastwish:problem:bad-request","title":"Bad request","status":400,'
    b'"detail":"This is no HTTP/1.1 request, or its head is too large."}',
)


@dataclass(frozen=True)
class Gateway:
    """Routes that exist, and API Gateway's own responses by their type.

    `operators` are the routes for operators, which exist on this machine only: not where `network` is true.
    `catch_all` is the route that the template has for all other paths, e.g. `/{proxy+}`.
    `compress_from` is the size in bytes from which bodies are compressed, None for never.
    """

    public: tuple[Route, ...]
    operators: tuple[Route, ...]
    responses: dict[str, GatewayResponse]
    compress_from: int | None = None
    network: bool = False
    catch_all: Route | None = None

    def for_network(self) -> "Gateway":
        """Return the gateway as clients on a network see it."""
        return replace(self, network=True)

    def route(self, method: str, raw_path: bytes, host: bytes = b"") -> Route | None:
        """Return the route of a request, None where there is none. A HEAD takes the route of its GET.

        `host` is the Host header: a foreign web page whose name was pointed at this machine (DNS rebinding) comes over
        loopback too, but under its own name.
        """
        method = "GET" if method == "HEAD" else method
        if not unambiguous(raw_path):
            return None
        if operators := _find(self.operators, method, raw_path):
            return operators if not self.network and _THIS_MACHINE.fullmatch(host) else None
        return _find(self.public, method, raw_path)

    def nowhere(self, method: str, raw_path: bytes) -> tuple[Route | None, bytes]:
        """Return the route that answers a path without a route, and the path to ask the engine for.

        That one is as deep, so that the links of the page are right, and has nothing else of the path: the engine may
        read `/%63onsole` as an operator's route.
        """
        found = unambiguous(raw_path) and _find((self.catch_all,) if self.catch_all else (), method, raw_path)
        return found or None, re.sub(rb"[^/]+", b"-", raw_path)


def _find(routes: Iterable[Route], method: str, raw_path: bytes) -> Route | None:
    return next((route for route in routes if route.method == method and route.pattern.fullmatch(raw_path)), None)


def unambiguous(raw_path: bytes) -> bool:
    """Return whether every reader sees the same path, however often it is decoded and normalised."""
    return bool(_PLAIN.fullmatch(raw_path)) and not _DISGUISE.search(raw_path) and not _DOTS_OR_NOTHING.search(raw_path)


def read(template: Path) -> Gateway:
    """Read the gateway of a SAM template. Raises TemplateError."""
    resources = read_resources(template)
    try:
        (api,) = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Serverless::Api"]
        smallest = api.get("MinimumCompressionSize")
        public = _routes(resources, operators=False)
        return Gateway(
            public=tuple(route for route in public if not _is_greedy(route)),
            catch_all=next(filter(_is_greedy, public), None),
            operators=_routes(resources, operators=True),
            responses=_responses(api["GatewayResponses"]),
            compress_from=None if smallest is None else int(smallest),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TemplateError(f"{template} is not a SAM template with one API: {error!r}") from error


def _routes(resources: dict[str, Any], operators: bool) -> tuple[Route, ...]:
    """Return the routes for operators, or all others; the most literal first, as API Gateway chooses."""
    events = [
        event["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "Api" and (_is_for_operators(resource) or "Auth" in event["Properties"]) == operators
    ]
    events.sort(key=lambda event: str(event["Path"]).count("{"))
    return tuple(Route(event["Method"].upper(), event["Path"], pattern(event["Path"])) for event in events)


def _is_for_operators(resource: dict[str, Any]) -> bool:
    loopback_only = resource.get("Metadata", {}).get("LoopbackOnly", False)
    if not isinstance(loopback_only, bool):  # a quoted "true" must not make a route public
        raise TypeError(f"LoopbackOnly is true or false, not {loopback_only!r}")
    return loopback_only


def _is_greedy(route: Route) -> bool:
    return route.path.endswith("+}")


def pattern(path: str) -> re.Pattern[bytes]:
    """Return `/wishes/{wish_id}` as a pattern of raw path bytes: a parameter is one segment, never empty.

    One that ends in a plus, e.g. `/{proxy+}`, is all segments that are left.
    """
    literals = [re.escape(part) for part in _PARAMETER.split(path)]
    return re.compile((".+" if path.endswith("+}") else "[^/]+").join(literals).encode())


def _responses(responses: dict[str, Any]) -> dict[str, GatewayResponse]:
    return {kind: _response(response) for kind, response in responses.items() if "StatusCode" in response}


def _response(response: dict[str, Any]) -> GatewayResponse:
    # In a mapping expression a constant stands in single quotes.
    headers = {name.lower(): value.strip("'") for name, value in response["ResponseParameters"]["Headers"].items()}
    return GatewayResponse(response["StatusCode"], headers, response["ResponseTemplates"]["application/json"].encode())
