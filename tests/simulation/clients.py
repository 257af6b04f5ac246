"""Clients of AWS as boto3 makes them, over the simulated services: the network, the SDK's retries, and the faults.

botocore's standard mode tries again after a lost answer, a throttled or a failed request
(https://docs.aws.amazon.com/boto3/latest/guide/retries.html), with the same ClientRequestToken. After the last try the
caller gets what botocore raises.
"""

from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ReadTimeoutError

from tests.simulation.scheduler import Killed, Process
from tests.simulation.seams import process_now
from tests.support.simulated.errors import ConditionalCheckFailedException, Refused, client_error

_AGAIN = {"ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError", "InternalError"}
# What may be carried out in part, and how the answer names the rest.
_BATCHES = {
    "SendMessageBatch": "Entries",
    "ChangeMessageVisibilityBatch": "Entries",
    "BatchGetItem": "UnprocessedKeys",
    "BatchWriteItem": "UnprocessedItems",
}
_ONE_BY_ONE = ("PutItem", "UpdateItem", "DeleteItem")
_LATEST = 0.8  # seconds after the caller's time-out: less than `maintenance.stores.MARGIN` waits for a write on its way


@cache
def _operation(name: str) -> str:
    return "".join(map(str.capitalize, name.split("_")))


class Client:
    """A client of ``dynamodb`` or ``sqs`` in a ``World``. ``tries``, ``timeout`` (seconds): as in botocore's Config."""

    exceptions = SimpleNamespace(ConditionalCheckFailedException=ConditionalCheckFailedException)

    def __init__(self, world: Any, service: str, tries: int, timeout: float) -> None:
        self._world, self._service = world, service
        self._tries, self._timeout = tries, timeout

    def __getattr__(self, name: str) -> Any:
        operation = _operation(name)
        call = lambda **parameters: self._call(operation, parameters)  # noqa: E731
        self.__dict__[name] = call
        return call

    def get_paginator(self, name: str) -> "_Paginator":
        return _Paginator(getattr(self, name))

    def _call(self, operation: str, p: dict[str, Any]) -> Any:
        process = process_now()
        if process is None:
            raise TypeError("only a task calls AWS")
        if operation == "TransactWriteItems":
            self._world.tokens += 1
            p = {"ClientRequestToken": str(self._world.tokens), **p}
        for attempt in range(1, self._tries + 1):
            try:
                return self._attempt(process, operation, p)
            except (Refused, ReadTimeoutError) as error:
                if not _is_transient(error) or attempt == self._tries:
                    raise (client_error(error, operation) if isinstance(error, Refused) else error) from None
            self._world.scheduler.sleep(min(20.0, self._world.random.random() * 2**attempt))
        return None

    def _attempt(self, process: Process, operation: str, p: dict[str, Any]) -> Any:
        world, fault = self._world, self._world.faults.of_call(self._service)
        world.calls += 1
        process.calls += 1
        if world.is_fatal(process):
            fault = world.random.choice(("crash-before", "crash-after"))
            world.faults.note("killed")
        world.scheduler.sleep(world.latency() * (50 if fault == "slow" else 1))
        if fault is None or fault == "slow":
            return self._carried_out(process, operation, p)
        world.trace(process, operation, p, fault)
        return getattr(self, "_" + fault.replace("-", "_"))(process, operation, p)

    # --- faults, by their names

    def _crash_before(self, process: Process, _operation: str, _p: Any) -> Any:
        process.dead = True
        raise Killed

    def _crash_after(self, process: Process, operation: str, p: Any) -> Any:
        self._silently(operation, p)
        process.dead = True
        raise Killed

    def _throttled(self, _process: Process, _operation: str, _p: Any) -> Any:
        raise Refused("ThrottlingException" if self._service == "sqs" else "ProvisionedThroughputExceededException")

    def _failed(self, _process: Process, _operation: str, _p: Any) -> Any:
        raise Refused("InternalError" if self._service == "sqs" else "InternalServerError")

    def _unreachable(self, _process: Process, _operation: str, _p: Any) -> Any:
        self._world.scheduler.sleep(self._timeout)
        raise ReadTimeoutError(endpoint_url=f"https://{self._service}.invalid")

    def _lost(self, process: Process, operation: str, p: Any) -> Any:
        self._silently(operation, p)
        return self._unreachable(process, operation, p)

    def _late(self, process: Process, operation: str, p: Any) -> Any:
        delay = self._timeout + self._world.random.uniform(0, _LATEST)
        self._world.scheduler.after(delay, lambda: self._silently(operation, p))
        return self._unreachable(process, operation, p)

    def _conflict(self, process: Process, operation: str, p: dict[str, Any]) -> Any:
        """Answer as DynamoDB does where another transaction has one of the items at this moment."""
        if operation.startswith("Transact"):
            reasons = [{"Code": "None"} for _ in p["TransactItems"]]
            self._world.random.choice(reasons)["Code"] = "TransactionConflict"
            raise Refused("TransactionCanceledException", "conflict", CancellationReasons=reasons)
        if operation in _ONE_BY_ONE:
            raise Refused("TransactionConflictException", "conflict")
        return self._carried_out(process, operation, p)

    def _partial(self, process: Process, operation: str, p: dict[str, Any]) -> Any:
        """Leave out some entries of a batch, and say so."""
        if operation not in _BATCHES:
            return self._carried_out(process, operation, p)
        rest = _BATCHES[operation]
        if rest == "Entries":
            taken, left = self._split(p["Entries"])
            answer = self._carried_out(process, operation, {**p, "Entries": taken}) if taken else {"Successful": []}
            failed = [{"Id": each["Id"], "Code": "InternalError", "SenderFault": False} for each in left]
            return {**answer, "Failed": answer.get("Failed", []) + failed}
        [(table, several)] = p["RequestItems"].items()
        is_read = operation == "BatchGetItem"
        taken, left = self._split(several["Keys"] if is_read else several)
        if not taken:
            taken, left = left, taken

        def request(some: Any) -> Any:
            return {table: {**several, "Keys": some} if is_read else some}

        answer = self._carried_out(process, operation, {"RequestItems": request(taken)})
        return {**answer, rest: request(left) if left else {}}

    def _split(self, entries: Any) -> tuple[list[Any], list[Any]]:
        taken = [each for each in entries if self._world.random.random() < 0.5]
        return taken, [each for each in entries if each not in taken]

    # --- the service

    def _carried_out(self, process: Process, operation: str, p: dict[str, Any]) -> Any:
        world = self._world
        try:
            answer = getattr(world.services[self._service], operation)(p)
        except Refused as refused:
            world.trace(process, operation, p, refused.code)
            raise
        if operation == "ReceiveMessage" and not answer and p.get("WaitTimeSeconds"):
            world.scheduler.sleep(p["WaitTimeSeconds"])
            answer = world.sqs.ReceiveMessage(p)
        if world.tracing:
            world.trace(process, operation, p, "ok")
        return answer

    def _silently(self, operation: str, p: dict[str, Any]) -> None:
        try:
            getattr(self._world.services[self._service], operation)(p)
        except Refused:
            return


def _is_transient(error: Exception) -> bool:
    return isinstance(error, ReadTimeoutError) or getattr(error, "code", "") in _AGAIN


class _Paginator:
    def __init__(self, call: Any) -> None:
        self._call = call

    def paginate(self, **parameters: Any) -> Iterator[Any]:
        start: dict[str, Any] = {}
        while True:
            page = self._call(**parameters, **start)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


class Functions:
    """A client of Lambda, as far as the commands use it."""

    def __init__(self, world: Any) -> None:
        self._world = world

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        self._world.scheduler.sleep(self._world.latency())
        capacity = self._world.capacity
        variables = {f"{name.upper()}_SEATS": str(seats) for name, seats in capacity.items()}
        return {"Timeout": self._world.timeout(FunctionName), "Environment": {"Variables": variables}}
