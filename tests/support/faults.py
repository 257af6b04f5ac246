"""Faults at the AWS seam: botocore's own events, so that everything of ours runs as it is."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError


def unreachable(client: Any, operation: str) -> None:
    """Every call of ``Service.Operation`` times out before anything was sent."""

    def fail(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://aws.invalid")

    client.meta.events.register_first(f"before-send.{operation}", fail)


def answer_lost(client: Any, operation: str) -> None:
    """The first call of the operation is carried out, but its answer never arrives."""
    calls: list[int] = []

    def lose(**_: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ReadTimeoutError(endpoint_url="https://aws.invalid")

    client.meta.events.register(f"after-call.{operation}", lose)


def sent_again(client: Any, operation: str) -> None:
    """Every call of the operation is carried out twice: botocore never heard the first answer, and tried again."""

    def again(attempts: int, **_: Any) -> int | None:
        return 0 if attempts == 1 else None  # seconds to wait

    client.meta.events.register(f"needs-retry.{operation}", again)


def meanwhile(client: Any, operation: str, act: Callable[[], object], about: str = "") -> None:
    """Somebody else acts before the first call of the operation whose arguments name ``about``."""
    acts = [act]

    def wait(params: dict[str, Any], **_: Any) -> None:
        if acts and about in str(params):
            acts.pop()()

    client.meta.events.register_first(f"provide-client-params.{operation}", wait)


def batch_entries_fail(client: Any, *, bodies_with: str) -> None:
    """SendMessageBatch takes all entries but those whose body holds a text; those come back as ``Failed``."""
    refused: list[str] = []

    def withhold(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        refused[:] = [entry["Id"] for entry in params["Entries"] if bodies_with in entry["MessageBody"]]
        return {**params, "Entries": [entry for entry in params["Entries"] if entry["Id"] not in refused]}

    def report(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Failed"] = [{"Id": n, "SenderFault": False, "Code": "InternalError"} for n in refused]

    client.meta.events.register("provide-client-params.sqs.SendMessageBatch", withhold)
    client.meta.events.register("after-call.sqs.SendMessageBatch", report)


def throttled(client: Any, operation: str, times: int = 10**6) -> None:
    """DynamoDB refuses calls of the operation for their rate: all, or the first so many."""
    _refuse(client, operation, "ProvisionedThroughputExceededException", times)


def refused(client: Any, operation: str) -> None:
    """DynamoDB finds the request itself wrong: no retry will help."""
    _refuse(client, operation, "ValidationException", times=10**6)


def fails(client: Any, operation: str, code: str, times: int = 10**6, **more: Any) -> None:
    """Calls of the operation get this error: all, or the first so many."""
    _refuse(client, operation, code, times, **more)


def _refuse(client: Any, operation: str, code: str, times: int, **more: Any) -> None:
    calls: list[int] = []

    def fail(**_: Any) -> None:
        calls.append(1)
        if len(calls) <= times:
            raise ClientError({"Error": {"Code": code, "Message": ""}, **more}, operation.rpartition(".")[2])

    client.meta.events.register_first(f"before-call.{operation}", fail)
