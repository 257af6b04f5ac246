"""What the template lets through: its API routes, and what API Gateway does by itself: its answers, its compression.

All of it is read from template.yaml, so that a route added there is a route here, and a gateway response is written
once. A function whose resource says `Metadata: {LoopbackOnly: true}` is the operator's, and so is a route that wants a
token: they are no routes for who comes over a network.
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
# these in double disguise).
_DISGUISE = re.compile(rb"%(2[ef5]|5c|[01][0-9a-f]|7f)", re.IGNORECASE)
# The characters of a path in RFC 3986, and percent signs only where they encode something.
_PLAIN = re.compile(rb"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_DOTS_OR_NOTHING = re.compile(rb"/\.{0,2}(?=/)|/\.{1,2}$")
# Names that only this machine has for itself. Any port: a tunnel (`ssh -L`) ends at another one than ours.
_THIS_MACHINE = re.compile(rb"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class Route:
    """A method and a path as the template says it, e.g. `/wishes/{wish_id}`; `pattern` is that of a whole raw path."""

    method: str
    path: str
    pattern: re.Pattern[bytes]


@dataclass(frozen=True)
class GatewayAnswer:
    """An answer of API Gateway's own: status, headers (lower case), body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Door:
    """What may pass, and the gateway's own answers by response type.

    `operators` are the routes that only this machine may use: none of them on a door for a `network`.
    `compress_from` is the size in bytes from which bodies are compressed, None for never.
    """

    public: tuple[Route, ...]
    operators: tuple[Route, ...]
    answers: dict[str, GatewayAnswer]
    compress_from: int | None = None
    network: bool = False

    def for_network(self) -> "Door":
        """The same door as others than this machine find it."""
        return replace(self, network=True)

    def route(self, method: str, raw_path: bytes, host: bytes = b"") -> Route | None:
        """The route by which the engine may see this request; None: not at all. A HEAD passes where a GET does.

        `host` is the Host header. A page of somebody else's whose name was made to point at this machine (DNS
        rebinding) runs in the presenter's own browser and comes over loopback, but under its own name.
        """
        wanted = "GET" if method == "HEAD" else method
        if not unambiguous(raw_path):
            return None
        if operators := _find(self.operators, wanted, raw_path):
            return operators if not self.network and _THIS_MACHINE.fullmatch(host) else None
        return _find(self.public, wanted, raw_path)

    def lets_through(self, method: str, raw_path: bytes, host: bytes = b"") -> bool:
        """Whether the engine may see this request at all."""
        return self.route(method, raw_path, host) is not None


def _find(routes: Iterable[Route], method: str, raw_path: bytes) -> Route | None:
    return next((each for each in routes if each.method == method and each.pattern.fullmatch(raw_path)), None)


def unambiguous(raw_path: bytes) -> bool:
    """Whether everybody who reads this path reads the same one, however often they decode and normalise it."""
    return bool(_PLAIN.fullmatch(raw_path)) and not _DISGUISE.search(raw_path) and not _DOTS_OR_NOTHING.search(raw_path)


def read(template: Path) -> Door:
    """The door that this SAM template describes. Raises TemplateError."""
    resources = read_resources(template)
    try:
        (api,) = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Serverless::Api"]
        smallest = api.get("MinimumCompressionSize")
        return Door(
            public=_routes(resources, operators=False),
            operators=_routes(resources, operators=True),
            answers=_answers(api["GatewayResponses"]),
            compress_from=None if smallest is None else int(smallest),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TemplateError(f"{template} is not a SAM template with one API: {error!r}") from error


def _routes(resources: dict[str, Any], operators: bool) -> tuple[Route, ...]:
    """Those of the operators (of their functions, and what wants a token) or all others, the most literal first, as API
    Gateway chooses."""
    events = [
        event["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "Api" and (_is_operators(resource) or "Auth" in event["Properties"]) == operators
    ]
    events.sort(key=lambda event: str(event["Path"]).count("{"))
    return tuple(Route(event["Method"].upper(), event["Path"], pattern(event["Path"])) for event in events)


def _is_operators(resource: dict[str, Any]) -> bool:
    said = resource.get("Metadata", {}).get("LoopbackOnly", False)
    if not isinstance(said, bool):  # "yes" between quotes must not open a door
        raise TypeError(f"LoopbackOnly is true or false, not {said!r}")
    return said


def pattern(path: str) -> re.Pattern[bytes]:
    """`/wishes/{wish_id}` as a pattern of raw path bytes: a parameter is one segment, never empty."""
    literals = [re.escape(part) for part in _PARAMETER.split(path)]
    return re.compile("[^/]+".join(literals).encode())


def _answers(responses: dict[str, Any]) -> dict[str, GatewayAnswer]:
    return {kind: _answer(response) for kind, response in responses.items() if "StatusCode" in response}


def _answer(response: dict[str, Any]) -> GatewayAnswer:
    # In a mapping expression a constant stands in single quotes.
    headers = {name.lower(): value.strip("'") for name, value in response["ResponseParameters"]["Headers"].items()}
    return GatewayAnswer(response["StatusCode"], headers, response["ResponseTemplates"]["application/json"].encode())
