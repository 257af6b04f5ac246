"""What AWS does between the functions: poll queues, cut the table's stream into batches, deliver, deliver again."""

import zlib
from collections import deque
from typing import Any

from tests.simulation.world import World
from tests.support.aws import as_record

_POLLERS = 2  # of a queue at once, as the mapping's MaximumConcurrency
_SHARDS = 2
_MOST_TRIES = 30  # of one record of the stream that fails also in calm: AWS tries until its record is a day old
_BATCH = 10


class Poller:
    """Delivers a queue to a function, as Lambda's event source mapping does."""

    def __init__(self, world: World, queue: str, function: str) -> None:
        self._world, self._url, self._function = world, world.urls[queue], function
        self._size = world.random.choice((1, 3, _BATCH, _BATCH))
        for _ in range(_POLLERS):
            self._soon()

    def _soon(self) -> None:
        world = self._world
        waits = world.random.uniform(0.01, 1) if world.sqs.queues[self._url].letters else 5
        world.scheduler.after(waits, self._poll)

    def _poll(self) -> None:
        asked = {"QueueUrl": self._url, "MaxNumberOfMessages": self._size}
        messages = self._world.sqs.ReceiveMessage(asked).get("Messages", [])
        if not messages:
            self._soon()
            return
        event = {"Records": [as_record(message) for message in messages]}
        self._world.trace("sqs", f"delivers to {self._function}", " ".join(each["MessageId"] for each in messages), "")
        self._world.invoke(self._function, event, lambda result: self._answered(messages, result))

    def _answered(self, messages: list[Any], result: Any) -> None:
        if isinstance(result, dict) and not self._world.faults.strikes("unacknowledged"):
            failed = {each["itemIdentifier"] for each in result["batchItemFailures"]}
            for message in messages:
                if message["MessageId"] not in failed:
                    receipt = {"QueueUrl": self._url, "ReceiptHandle": message["ReceiptHandle"]}
                    self._world.sqs.DeleteMessage(receipt)
        self._soon()


class Stream:
    """Delivers the event store's changes to the projector: in order within a wish, at least once, in any batches."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: list[deque[Any]] = [deque() for _ in range(_SHARDS)]
        self._delivered: list[Any] = []
        self._busy = [False] * _SHARDS
        self._tries = [0] * _SHARDS
        self._size = world.random.choice((1, 4, 30, 100))
        world.dynamodb.tables["EventStore"].written = self._written

    @property
    def is_empty(self) -> bool:
        """Return whether every change was delivered."""
        return not any(self._waiting) and not any(self._busy)

    def _written(self, old: Any, new: Any) -> None:
        image = new or old
        shard = zlib.crc32(image["stream"]["S"].encode()) % _SHARDS
        name = "INSERT" if old is None else "MODIFY" if new else "REMOVE"
        change = {"ApproximateCreationDateTime": int(self._world.scheduler.now)} | ({"NewImage": new} if new else {})
        self._waiting[shard].append({"eventName": name, "dynamodb": change})
        self._soon(shard)

    def _soon(self, shard: int, within: float = 2.0) -> None:
        self._world.scheduler.after(self._world.random.uniform(0, within), lambda: self._deliver(shard))

    def _deliver(self, shard: int) -> None:
        waiting, world = self._waiting[shard], self._world
        if self._busy[shard] or not waiting:
            return
        self._busy[shard] = True
        # After a failure the batch is cut in two (BisectBatchOnFunctionError).
        most = max(1, self._size >> self._tries[shard])
        records = list(waiting)[: world.random.randint(1, most)]
        event = {"Records": records}
        world.trace("stream", f"delivers shard {shard}", f"{len(records)} records", "")
        world.invoke("projector", event, lambda result: self._answered(shard, len(records), result))
        if world.faults.strikes("twice", 5):
            world.invoke("projector", event, lambda _: None)
        if self._delivered and world.faults.strikes("replayed", 5):
            start = world.random.randrange(len(self._delivered))
            old = {"Records": self._delivered[start : start + world.random.randint(1, 10)]}
            world.scheduler.after(world.random.uniform(0, 60), lambda: world.invoke("projector", old, lambda _: None))

    def _answered(self, shard: int, count: int, result: Any) -> None:
        self._busy[shard] = False
        if isinstance(result, BaseException) or self._world.faults.strikes("unacknowledged"):
            self._tries[shard] += 1
            if self._tries[shard] > _MOST_TRIES and self._world.faults.calm and count == 1:
                record = self._waiting[shard].popleft()
                wish_id = record["dynamodb"]["NewImage"]["stream"]["S"].removeprefix("wish#")
                if wish_id not in self._world.unreadable:
                    self._world.broken.append(f"the projector cannot apply a record of {wish_id}: {result!r}")
            self._soon(shard, within=min(60, 2.0 * 2 ** self._tries[shard]))
            return
        self._tries[shard] = 0
        for _ in range(count):
            self._delivered.append(self._waiting[shard].popleft())
        self._soon(shard, within=0.5)
