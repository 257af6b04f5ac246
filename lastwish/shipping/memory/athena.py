"""The long memory by Athena, on AWS: start a query, wait for it, read its rows, say what it cost."""

from collections.abc import Callable
from typing import Any

from lastwish.aws.clients import plain_errors
from lastwish.errors import NotYet, OperatorError
from lastwish.observe.prices import ATHENA_BYTE, ATHENA_LEAST_BYTES
from lastwish.polling import wait_until
from lastwish.shipping.memory.answers import Cell, Found, cell
from lastwish.shipping.memory.statements import Statement
from lastwish.site import Site

_READ: dict[str, Callable[[str], Cell]] = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    **dict.fromkeys(("float", "double", "decimal"), lambda text: cell(float(text))),
    "boolean": lambda text: text == "true",
}


def answer(site: Site, statement: Statement, bound: list[str], limit: int, patience: float) -> Found:
    """Run a query in the stack's workgroup. Raises OperatorError, NotYet, AwsError."""
    outputs = site.outputs
    if outputs.get("MemoryWorkGroup", "none") == "none":
        raise OperatorError(f"stack {site.name} has no long memory: deploy it with the parameter Memory=true")
    client = site.client("athena")
    request: dict[str, Any] = {
        "QueryString": statement.sql,
        "WorkGroup": outputs["MemoryWorkGroup"],
        "QueryExecutionContext": {"Database": outputs["MemoryDatabase"]},
    }
    if bound:
        request["ExecutionParameters"] = [f"'{value}'" for value in bound]  # Statement.bind lets no quote through
    with plain_errors():
        execution = client.start_query_execution(**request)["QueryExecutionId"]
        done = _wait(client, execution, patience)
        return _rows(client, execution, limit, _cost(done))


def _wait(client: Any, execution: str, patience: float) -> dict[str, Any]:
    """Return the execution once it has succeeded. One that is waited for no longer is stopped, and costs no more."""
    found: dict[str, Any] = {"Status": {"State": "QUEUED"}}

    def ended() -> bool:
        found.update(client.get_query_execution(QueryExecutionId=execution)["QueryExecution"])
        return found["Status"]["State"] not in ("QUEUED", "RUNNING")

    try:
        if not wait_until(ended, patience, interval=0.5):
            raise NotYet(f"the query did not end within {patience:g} s and was stopped: --timeout gives it longer")
    finally:
        if found["Status"]["State"] in ("QUEUED", "RUNNING"):
            client.stop_query_execution(QueryExecutionId=execution)
    if found["Status"]["State"] != "SUCCEEDED":
        reason = found["Status"].get("StateChangeReason", "Athena does not say why")
        raise OperatorError(f"Athena did not answer: {reason} (execution {execution})")
    return found


def _cost(done: dict[str, Any]) -> dict[str, Any]:
    scanned = int(done.get("Statistics", {}).get("DataScannedInBytes", 0))
    return {
        "execution_id": done["QueryExecutionId"],
        "scanned_bytes": scanned,
        "dollars": max(scanned, ATHENA_LEAST_BYTES) * ATHENA_BYTE,
    }


def _rows(client: Any, execution: str, limit: int, cost: dict[str, Any]) -> Found:
    pages = client.get_paginator("get_query_results").paginate(
        QueryExecutionId=execution, PaginationConfig={"MaxItems": limit + 2, "PageSize": min(1000, limit + 2)}
    )
    columns: list[dict[str, Any]] = []
    texts: list[list[str | None]] = []
    for page in pages:
        columns = columns or page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        texts += [[each.get("VarCharValue") for each in row["Data"]] for row in page["ResultSet"]["Rows"]]
    names = [each["Name"] for each in columns]
    if texts[:1] == [names]:  # as a SELECT has it
        del texts[0]
    readers = [_READ.get(each["Type"], str) for each in columns]
    rows = [[text if text is None else read(text) for read, text in zip(readers, row, strict=True)] for row in texts]
    return Found(names, rows[:limit], len(rows) > limit, cost)
