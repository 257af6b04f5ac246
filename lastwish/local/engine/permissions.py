"""Name the permission that a call needs as AWS does: SQS has none of its own for the batch forms of its calls.

Source: "Actions, resources, and condition keys for Amazon SQS", Service Authorization Reference. MiniStack asks for
`sqs:SendMessageBatch`, which no policy can grant on AWS.
"""

from typing import Any

from lastwish.local.engine.patch import ministack_module, replace


def install() -> None:
    """Correct `ministack.core.iam_actions`. Raises EngineChanged."""
    actions = ministack_module("core.iam_actions")
    named = actions.extract_iam_action

    def extract_iam_action(  # noqa: PLR0917 - the signature counts
        service: str, method: str, path: str, headers: Any, body: bytes, query_params: Any
    ) -> str | None:
        action: str | None = named(service, method, path, headers, body, query_params)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    replace(actions, "extract_iam_action", extract_iam_action)
