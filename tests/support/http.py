"""Requests to the HTTP functions as API Gateway sends them, and their answers."""

import json
from types import ModuleType
from typing import Any

from tests.support.functions import Invoke
from tests.support.samples import sample


def get(frontend: ModuleType, invoke: Invoke, path: str, query: dict[str, str] | None = None, **headers: str) -> Any:
    event = {**sample("frontend-receipt"), "path": path, "headers": headers, "queryStringParameters": query}
    return invoke(frontend, event)


def body(answer: Any) -> Any:
    assert answer["statusCode"] == 200
    return json.loads(answer["body"])


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def get_event(path: str, accept: str = "application/json") -> dict[str, Any]:
    event = sample("frontend-receipt")
    return {**event, "path": path, "headers": {"Accept": accept}}


def header(answer: dict[str, Any], name: str) -> str:
    return ", ".join(answer["multiValueHeaders"].get(name, []))


def operator_event(path: str) -> dict[str, Any]:
    return {**sample("console-queue"), "path": path}


def post_event(fields: Any, **headers: str) -> dict[str, Any]:
    event = sample("frontend-good-wish")
    event["headers"].update(headers)
    event["body"] = fields if isinstance(fields, str) else json.dumps(fields)
    return event
