"""Make what waits in the work queues visible now, at `POST /_lastwish/retry`, for `lastwish retry`.

SQS has no call for that: only who holds the receipt of a message can say when it is visible again. What a function
works on right now stays hidden. To deliver it twice would do no harm, but it would count as a receive.
"""

import time
from collections.abc import Collection, Iterable
from typing import Any

from starlette.types import ASGIApp

from lastwish.local.engine import reports
from lastwish.local.engine.patch import ministack_module, replace, require
from lastwish.local.engine.paths import RETRY as PATH

_in_work: set[str] = set()  # receipts of the messages in all batches that a function has


def install() -> None:
    """Note which messages a function works on. Raises EngineChanged."""
    functions = ministack_module("services.lambda_svc")
    require(functions, "_run_sqs_batch")
    run = functions._run_sqs_batch

    def run_sqs_batch(  # noqa: PLR0917 - MiniStack's
        esm: Any, func_rec: Any, event: Any, batch: Any, queue_url: str, queue_name: str
    ) -> None:
        receipts = {message["receipt_handle"] for message in batch}
        _in_work.update(receipts)
        try:
            run(esm, func_rec, event, batch, queue_url, queue_name)
        finally:
            _in_work.difference_update(receipts)

    replace(functions, "_run_sqs_batch", run_sqs_batch)


def layer(app: ASGIApp) -> ASGIApp:
    """Return an ASGI layer that answers PATH and passes every other request on. Raises EngineChanged."""
    sqs = ministack_module("services.sqs")
    require(sqs, "_queues", "_queues_lock", "esm_wake")

    def retry() -> dict[str, int]:
        with sqs._queues_lock:
            shown = show(sqs._queues.values(), _in_work)
        sqs.esm_wake.set()
        return shown

    return reports.layer(app, PATH, retry, "POST")


def show(queues: Iterable[Any], in_work: Collection[str]) -> dict[str, int]:
    """Make hidden messages visible in every queue that has a dead-letter queue. Returns how many, by queue."""
    counts = {}
    for queue in queues:
        if "RedrivePolicy" not in queue["attributes"]:
            continue
        hidden = [each for each in queue["messages"] if each["visible_at"] > time.time()]
        waiting = [each for each in hidden if each["receipt_handle"] not in in_work]
        for message in waiting:
            message["visible_at"] = 0.0
        counts[queue["name"]] = len(waiting)
    return counts
