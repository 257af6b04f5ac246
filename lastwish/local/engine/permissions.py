"""Check permissions as AWS does, where MiniStack's `AUTH=true` differs.

- SQS has no permissions for the batch forms of its calls: `SendMessageBatch` needs `sqs:SendMessage`.
- CloudWatch Logs names a log group as `…:log-group:NAME:*`, which is also the `Arn` that CloudFormation knows.
- Parameter Store's `GetParameters` needs the right to each name. Here the first one stands for all.
- DynamoDB tells the partition key that a call names, as `dynamodb:LeadingKeys`: policies have conditions on it.

Sources: "Actions, resources, and condition keys" of SQS and DynamoDB, Service Authorization Reference; "Log group
ARNs", CloudWatch Logs API Reference.
"""

import json
from typing import Any

from lastwish.local.engine.patch import ministack_module, replace, require


def install() -> None:
    """Correct `ministack.core.iam_actions`. Raises EngineChanged."""
    actions, dynamodb = ministack_module("core.iam_actions"), ministack_module("services.dynamodb")
    require(dynamodb, "_tables")
    named, context = actions.extract_iam_action, actions.dynamodb_service_context
    resource = actions.extract_resource_arn

    def extract_iam_action(  # noqa: PLR0917 - the signature counts
        service: str, method: str, path: str, headers: Any, body: bytes, query_params: Any
    ) -> str | None:
        action: str | None = named(service, method, path, headers, body, query_params)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    def extract_resource_arn(  # noqa: PLR0917 - the signature counts
        service: str,
        method: str,
        path: str,
        headers: Any,
        body: bytes,
        query_params: Any,
        region: str,
        account_id: str,
    ) -> str:
        if service == "ssm" and (names := json.loads(body).get("Names")):
            body = json.dumps({"Name": names[0]}).encode()
        arn: str = resource(service, method, path, headers, body, query_params, region, account_id)
        return f"{arn}:*" if service == "logs" and arn.rpartition(":")[0].endswith(":log-group") else arn

    def dynamodb_service_context(body: bytes) -> dict[str, Any]:
        return {**context(body), **_leading_key(dynamodb._tables, body)}

    replace(actions, "extract_iam_action", extract_iam_action)
    replace(actions, "extract_resource_arn", extract_resource_arn)
    replace(actions, "dynamodb_service_context", dynamodb_service_context)


def _leading_key(tables: Any, body: bytes) -> dict[str, list[str]]:
    """Return the partition key of the one item that a call names by its key or puts; nothing for other calls."""
    request = json.loads(body or b"{}")
    table = tables.get(request.get("TableName")) if isinstance(request, dict) else None
    if table is None:
        return {}
    item = request.get("Key") or request.get("Item") or {}
    return {"dynamodb:LeadingKeys": list(item[table["pk_name"]].values())} if table["pk_name"] in item else {}
