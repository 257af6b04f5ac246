"""Empty a running local stack without a new deploy."""

import time
from collections import Counter
from typing import Any

from lastwish.aws.clients import engine_client, messages_in, plain_errors
from lastwish.errors import AwsError
from lastwish.local.agent import process as agent_process
from lastwish.local.agent.metrics import INTERVAL
from lastwish.local.engine import process as engine
from lastwish.local.health import missing_tables, tables
from lastwish.local.proxy.ledger import rotate
from lastwish.local.state import Home, State

TIMEOUT = 20.0
# Longer than a consumer needs to send on a batch that it held when its queue was emptied. The projector collects its
# batches for a second.
SETTLE = 1.2


def reset(state: State, home: Home) -> dict[str, int]:
    """Empty queues, tables, traces and the journal, and put the ledger aside. Returns how many entries each had.

    Repeats until two rounds in a row remove nothing, since a batch in flight arrives after the first round. Then the
    journal and the ledger go, and a third round looks for a wish that came just before and is in neither: if it removes
    one, all begins again. Raises AlreadyRunning while another command starts or stops the stack, AwsError when wishes
    keep coming, and, before it empties anything, when a table is gone.
    """
    with home.lock(), plain_errors():
        if missing := missing_tables(state):
            raise AwsError(f"{', '.join(missing)}: `lastwish down`, then `lastwish up` makes a new stack", running=True)
        return _empty(state, home)


def measurements(state: State) -> dict[str, int]:
    """Clear metrics, log lines, alarms' states and traces; wishes, promises, journal and accounts stay.

    Spent budgets are whole again and old spikes gone. What was measured before and is still on its way is dropped.
    Returns how many of each there were; of alarms, how many are in another state now. Raises EngineFailed.

    Whatever is done after it counts: the agent gives points the time at which their interval began, so it waits for the
    next one to begin.
    """
    cleared = {**engine.clear_measurements(state.aws), "traces": agent_process.clear_traces(state.traces)}
    time.sleep(INTERVAL - time.time() % INTERVAL)
    return cleared


def _empty(state: State, home: Home) -> dict[str, int]:
    sqs, dynamodb = engine_client("sqs", state.aws), engine_client("dynamodb", state.aws)
    queues = [value for value in state.outputs.values() if value.startswith(state.engine)]
    removed = Counter(messages=0, items=0, journal_lines=0, ledger_entries=0)
    quiet_rounds, deadline = 0, time.monotonic() + TIMEOUT
    while True:
        messages = sum(_empty_queue(sqs, queue) for queue in queues)
        items = sum(_empty_table(dynamodb, table) for table in tables(state))
        removed.update(messages=messages, items=items)
        quiet_rounds = 0 if messages or items else quiet_rounds + 1
        if quiet_rounds == 3:
            return {**removed, "traces": agent_process.clear_traces(state.traces)}
        if quiet_rounds == 2:  # what comes after this is in both
            removed.update(journal_lines=engine.clear_journal(state.aws), ledger_entries=rotate(home.ledger))
        elif not quiet_rounds and time.monotonic() > deadline:  # never between the emptied journal and the last look
            raise AwsError("wishes keep coming: stop the load and reset again", running=True)
        time.sleep(SETTLE)


def _empty_queue(sqs: Any, queue: str) -> int:
    if messages := messages_in(sqs, queue):
        sqs.purge_queue(QueueUrl=queue)
    return messages


def _empty_table(dynamodb: Any, table: str) -> int:
    keys = [key["AttributeName"] for key in dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]]
    names = {f"#{index}": key for index, key in enumerate(keys)}
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table, ConsistentRead=True, ProjectionExpression=",".join(names), ExpressionAttributeNames=names
    )
    items = [item for page in pages for item in page["Items"]]
    for start in range(0, len(items), 25):
        batch = [{"DeleteRequest": {"Key": item}} for item in items[start : start + 25]]
        while batch:
            batch = dynamodb.batch_write_item(RequestItems={table: batch})["UnprocessedItems"].get(table, [])
    return len(items)
