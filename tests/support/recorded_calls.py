"""Record the AWS calls that a command makes, as the IAM actions and resources that they need.

The names of resources are the template's logical ids, as in the tests' tables and queues. What moto does not know is
answered here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.handlers
import httpx
import pytest

type Call = tuple[str, str]  # IAM action and logical id; "*" where an action has no resources

# Where the action has another name than the operation, or several operations share one.
_ACTIONS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
# DynamoDB asks for the right to each part of a transaction, and for none to the transaction.
_PARTS = {"Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
_PARTS |= {"ConditionCheck": "ConditionCheckItem"}


class Calls:
    """Calls so far, and the answers of services that moto does not have, by "service.Operation"."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.made: set[Call] = set()
        self.answers = answers

    def record(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Note one call (the event `provide-client-params`)."""
        service = model.service_model.service_name
        self.made.update(_calls(service, model.name, params))

    def answer(self, model: Any, **_: Any) -> Any:
        """Answer in place of AWS, raise what was to be raised, or None (the event `before-call`)."""
        found = self.answers.get(f"{model.service_model.service_name}.{model.name}")
        if isinstance(found, Exception):
            raise found
        return None if found is None else (httpx.Response(200), found)


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> Iterator[Calls]:
    """Record the calls of all clients that are made meanwhile."""
    calls = Calls(answers)
    hooks = [("provide-client-params.*.*", calls.record), ("before-call.*.*", calls.answer)]
    with monkeypatch.context() as patched:
        patched.setattr(botocore.handlers, "BUILTIN_HANDLERS", [*botocore.handlers.BUILTIN_HANDLERS, *hooks])
        yield calls


def _calls(service: str, operation: str, params: dict[str, Any]) -> Iterator[Call]:
    action = f"{service}:{operation}"
    match service:
        case "dynamodb":
            yield from _table_calls(action, params)
        case "sqs":
            yield _ACTIONS.get(action, action), params["QueueUrl"].rpartition("/")[2]
        case "logs":
            yield action, params["logGroupName"]
        case "lambda":
            yield action, params.get("FunctionName", "*")
        case "cognito-idp":
            yield action, params["UserPoolId"]
        case "cloudformation":
            yield action, "AWS::StackName"
        case _:
            yield action, "*"


def _table_calls(action: str, params: dict[str, Any]) -> Iterator[Call]:
    if "TransactItems" in params:
        for item in params["TransactItems"]:
            for part, of in item.items():
                yield f"dynamodb:{_PARTS[part]}", of["TableName"]
    elif "RequestItems" in params:
        yield from ((action, table) for table in params["RequestItems"])
    else:
        yield action, params.get("TableName", "*")
