"""Wishes for the worker and the projector: ids, a batch from Pods, stream records."""

import time
from types import ModuleType
from typing import Any

from domain.envelope import write_story
from tests.support.aws import Aws
from tests.support.functions import Invoke
from tests.support.samples import sample, story


def batch(*wishes: tuple[str, str]) -> dict[str, Any]:
    """Pods records of wishes, each with its destination."""
    record = sample("worker-good-wish")["Records"][0]
    return {
        "Records": [
            {**record, "messageId": f"m{n}", "body": write_story(story(wish_id, destination))}
            for n, (wish_id, destination) in enumerate(wishes)
        ]
    }


def ids(count: int) -> list[str]:
    return [f"5d3c0bd6-7ef4-4c5e-9a0b-{n:012x}" for n in range(count)]


def stream_event(items: list[dict[str, Any]], name: str = "INSERT") -> dict[str, Any]:
    """Return the event that Lambda gets from the table's stream for these new items."""
    stored = {"ApproximateCreationDateTime": int(time.time())}
    return {"Records": [{"eventName": name, "dynamodb": stored | {"NewImage": item}} for item in items]}


def store(aws: Aws, worker: ModuleType, invoke: Invoke, count: int, to: str = "mars") -> list[dict[str, Any]]:
    """Store wishes; their items, in the order of their ids."""
    for start in range(0, count, 10):
        invoke(worker, batch(*((wish_id, to) for wish_id in ids(count)[start : start + 10])))
    return sorted(aws.stored(), key=lambda item: item["stream"]["S"])
