"""Read the templates for tests: with CloudFormation's tags, and tables and queues as boto3 takes them."""

import pickle
from functools import cache
from pathlib import Path
from typing import Any

from lastwish.local.template import parse
from tests.support import ROOT

TEMPLATE = ROOT / "template.yaml"
OBSERVABILITY = ROOT / "observability.yaml"
EDGE = ROOT / "edge.yaml"
MEMORY = ROOT / "memory.yaml"
ACCOUNT = ROOT / "account.yaml"
CHAOS = ROOT / "chaos.yaml"


@cache
def _text(file: Path) -> str:
    return file.read_text()


@cache
def _read(text: str) -> bytes:
    return pickle.dumps(parse(text))


def load(file: Path = TEMPLATE) -> dict[str, Any]:
    """Return a whole template, anew for every call, so that a test may change it. It is parsed once: it is long."""
    document: dict[str, Any] = pickle.loads(_read(_text(file)))
    return document


def resources(of_type: str, template: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Return the resources of a type by logical id, of the main template unless another one is given."""
    every = (template or load())["Resources"]
    return {name: resource for name, resource in every.items() if resource["Type"] == of_type}


def table(logical_id: str) -> dict[str, Any]:
    """Return the arguments of ``create_table``, but for the name, for a table of the template outside production."""
    properties = _resolved(load()["Resources"][logical_id]["Properties"])
    for only_cloudformation in ("PointInTimeRecoverySpecification", "TimeToLiveSpecification"):
        properties.pop(only_cloudformation, None)
    properties["SSESpecification"] = {"Enabled": properties["SSESpecification"]["SSEEnabled"]}
    if "StreamSpecification" in properties:
        properties["StreamSpecification"]["StreamEnabled"] = True
    return dict(properties)


def queue_attributes(logical_id: str) -> dict[str, str]:
    """Return the attributes of ``create_queue`` for a queue of the template, without its redrive."""
    properties = load()["Resources"][logical_id]["Properties"]
    return {name: str(value) for name, value in properties.items() if name != "RedrivePolicy"}


def _resolved(value: Any) -> Any:
    """Replace every ``Fn::If`` with its second branch, which holds outside production, and drop what is no value."""
    if isinstance(value, dict):
        if "Fn::If" in value:
            return _resolved(value["Fn::If"][2])
        resolved = {name: _resolved(part) for name, part in value.items()}
        return {name: part for name, part in resolved.items() if part != {"Ref": "AWS::NoValue"}}
    if isinstance(value, list):
        return [_resolved(part) for part in value]
    return value


def routes(*, operators: bool) -> list[tuple[str, str]]:
    """Return (method, path) of each route of the operators, or of the audience; the one of unknown paths aside."""
    return sorted(
        (event["Properties"]["Method"], event["Properties"]["Path"])
        for function in resources("AWS::Serverless::Function").values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
        and not event["Properties"]["Path"].endswith("+}")
        and (function.get("Metadata", {}).get("LoopbackOnly", False) or "Auth" in event["Properties"]) == operators
    )
