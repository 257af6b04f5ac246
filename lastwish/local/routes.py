"""What the template lets through: its API routes, and the answers that API Gateway gives by itself.

Both are read from template.yaml, so that a route added there is a route here, and a gateway response is written once.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lastwish.errors import TemplateError

_PARAMETER = re.compile(r"\{[^/{}]+\}")

# Percent-encoded: a dot (a dot segment in disguise), a slash or backslash, a control character, a percent sign (all of
# these in double disguise).
_DISGUISE = re.compile(rb"%(2[ef5]|5c|[01][0-9a-f]|7f)", re.IGNORECASE)
# The characters of a path in RFC 3986, and percent signs only where they encode something.
_PLAIN = re.compile(rb"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_DOTS_OR_NOTHING = re.compile(rb"/\.{0,2}(?=/)|/\.{1,2}$")


@dataclass(frozen=True)
class GatewayAnswer:
    """An answer of API Gateway's own: status, headers (lower case), body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Door:
    """What may pass: (method, pattern of the whole raw path). And the answers of the gateway, by response type."""

    routes: tuple[tuple[str, re.Pattern[bytes]], ...]
    answers: dict[str, GatewayAnswer]

    def lets_through(self, method: str, raw_path: bytes) -> bool:
        """Whether the engine may see this request at all. A HEAD passes where a GET does."""
        wanted = "GET" if method == "HEAD" else method
        return unambiguous(raw_path) and any(
            wanted == allowed and pattern.fullmatch(raw_path) for allowed, pattern in self.routes
        )


def unambiguous(raw_path: bytes) -> bool:
    """Whether everybody who reads this path reads the same one, however often they decode and normalise it."""
    return bool(_PLAIN.fullmatch(raw_path)) and not _DISGUISE.search(raw_path) and not _DOTS_OR_NOTHING.search(raw_path)


def read(template: Path) -> Door:
    """The door that this SAM template describes. Raises TemplateError."""
    try:
        resources: dict[str, Any] = yaml.load(template.read_text(), _Loader)["Resources"]  # noqa: S506 - a SafeLoader
        return Door(tuple(_routes(resources)), _answers(resources))
    except (OSError, yaml.YAMLError) as error:
        raise TemplateError(f"cannot read {template}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TemplateError(f"{template} is not a SAM template with one API: {error!r}") from error


def _routes(resources: dict[str, Any]) -> list[tuple[str, re.Pattern[bytes]]]:
    events = [
        event["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    ]
    return [(event["Method"].upper(), pattern(event["Path"])) for event in events]


def pattern(path: str) -> re.Pattern[bytes]:
    """`/wishes/{wish_id}` as a pattern of raw path bytes: a parameter is one segment, never empty."""
    literals = [re.escape(part) for part in _PARAMETER.split(path)]
    return re.compile("[^/]+".join(literals).encode())


def _answers(resources: dict[str, Any]) -> dict[str, GatewayAnswer]:
    (api,) = [each for each in resources.values() if each["Type"] == "AWS::Serverless::Api"]
    responses: dict[str, Any] = api["Properties"]["GatewayResponses"]
    return {kind: _answer(response) for kind, response in responses.items() if "StatusCode" in response}


def _answer(response: dict[str, Any]) -> GatewayAnswer:
    # In a mapping expression a constant stands in single quotes.
    headers = {name.lower(): value.strip("'") for name, value in response["ResponseParameters"]["Headers"].items()}
    return GatewayAnswer(response["StatusCode"], headers, response["ResponseTemplates"]["application/json"].encode())


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags: `!Ref X` is read as the node under the tag, which is enough to find routes."""


def _untag(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


_Loader.add_multi_constructor("!", _untag)
