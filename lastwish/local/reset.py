"""Empties a running local stack without deploying it again."""

import time
from typing import Any

from lastwish.aws.clients import engine_client, plain_errors
from lastwish.errors import AwsError
from lastwish.local.agent import process as agent_process
from lastwish.local.health import deleted, tables
from lastwish.local.state import Home, State

TIMEOUT = 20.0
# Longer than a consumer needs to pass on the batch it was holding when its queue was emptied; the projector gathers
# its batches for a second.
SETTLE = 1.2


def reset(state: State, home: Home) -> dict[str, int]:
    """Empty every queue and table that the outputs name, the ledger and the traces. Returns how many of each went.

    Repeats until two rounds in a row found nothing, since a batch that was under way lands behind the first.
    Raises AwsError when something keeps coming: then somebody is still sending. With a table gone nothing is emptied.
    """
    if lost := deleted(state):
        raise AwsError(f"{', '.join(lost)}: `lastwish down`, then `lastwish up` makes a stack anew", running=True)
    sqs, dynamodb = engine_client("sqs", state.engine), engine_client("dynamodb", state.engine)
    queues = [value for value in state.outputs.values() if value.startswith(state.engine)]
    gone, quiet, deadline = {"messages": 0, "items": 0}, 0, time.monotonic() + TIMEOUT
    with plain_errors():
        while quiet < 2:
            if time.monotonic() > deadline:
                raise AwsError("wishes keep coming: stop the load and reset again", running=True)
            messages = sum(_empty_queue(sqs, queue) for queue in queues)
            items = sum(_empty_table(dynamodb, table) for table in tables(state))
            gone = {"messages": gone["messages"] + messages, "items": gone["items"] + items}
            quiet = 0 if messages or items else quiet + 1
            time.sleep(SETTLE)
    entries = len(home.ledger.read_bytes().splitlines()) if home.ledger.exists() else 0
    home.ledger.write_bytes(b"")
    return {**gone, "ledger_entries": entries, "traces": agent_process.forget_traces(state.xray)}


def _empty_queue(sqs: Any, queue: str) -> int:
    counts = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=counts)["Attributes"]
    if found := sum(int(attributes.get(each, 0)) for each in counts):
        sqs.purge_queue(QueueUrl=queue)
    return found


def _empty_table(dynamodb: Any, table: str) -> int:
    keys = [each["AttributeName"] for each in dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]]
    names = {f"#{index}": key for index, key in enumerate(keys)}
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table, ConsistentRead=True, ProjectionExpression=",".join(names), ExpressionAttributeNames=names
    )
    found = [item for page in pages for item in page["Items"]]
    for start in range(0, len(found), 25):
        batch = [{"DeleteRequest": {"Key": item}} for item in found[start : start + 25]]
        while batch:
            batch = dynamodb.batch_write_item(RequestItems={table: batch})["UnprocessedItems"].get(table, [])
    return len(found)
