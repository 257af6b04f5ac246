"""Sample the queues while a load runs: number of messages, and age of the oldest."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from lastwish.load.results import QueueSample
from lastwish.local.engine.queues import PATH
from lastwish.maintenance.stores import Stores

INTERVAL = 2.0
QUEUES = ("Inbox", "Pods")
_CLOUDWATCH_INTERVAL = 60.0  # CloudWatch has a new value once a minute, and each request costs
_RECENT = timedelta(minutes=5)  # CloudWatch gets the metrics of SQS some minutes late

type ReadQueues = Callable[[], tuple[dict[str, int], dict[str, float]]]  # messages, and age of the oldest, by queue


class QueueSampler(threading.Thread):
    """Reads the queues every INTERVAL seconds until it is stopped. ``samples`` so far, oldest first.

    A reading that fails is left out: the load may be the reason, and must not end because of it.
    """

    def __init__(self, read: ReadQueues, clock: Callable[[], float]) -> None:
        super().__init__(daemon=True, name="queue-sampler")
        self.samples: list[QueueSample] = []
        self._read, self._clock = read, clock
        self._stopped = threading.Event()

    def run(self) -> None:
        """Take samples until `stop`."""
        while True:
            began = time.monotonic()
            with suppress(BotoCoreError, ClientError, httpx.HTTPError, ValueError, KeyError):
                depth, oldest = self._read()
                if self._stopped.is_set():  # too late
                    return
                self.samples.append(QueueSample(round(self._clock(), 3), depth, oldest))
            if self._stopped.wait(max(0.1, INTERVAL - (time.monotonic() - began))):
                return

    def stop(self) -> None:
        """Take no more samples."""
        self._stopped.set()
        if self.is_alive():
            self.join(INTERVAL)


def engine_reader(stores: Stores, engine: str) -> ReadQueues:
    """Return a reader of the engine at this endpoint URL: one answer has both, as of now."""
    queue_of = {_name(stores, queue): queue for queue in QUEUES}
    http = httpx.Client(base_url=engine, timeout=10, trust_env=False)

    def read() -> tuple[dict[str, int], dict[str, float]]:
        states = http.get(PATH).raise_for_status().json()
        states = {queue_of[state["name"]]: state for state in states if state["name"] in queue_of}
        depth = {queue: state["visible"] + state["in_flight"] + state["delayed"] for queue, state in states.items()}
        return depth, {queue: float(state["oldest_s"]) for queue, state in states.items()}

    return read


def aws_reader(stores: Stores, cloudwatch: Any) -> ReadQueues:
    """Return a reader of SQS for the numbers and of CloudWatch, which has one value a minute, for the ages."""
    queries = [
        {"Id": queue.lower(), "MetricStat": {"Metric": _age(_name(stores, queue)), "Period": 60, "Stat": "Maximum"}}
        for queue in QUEUES
    ]
    due = 0.0

    def read() -> tuple[dict[str, int], dict[str, float]]:
        nonlocal due
        now = datetime.now(UTC)
        depth = {queue: stores.waiting(queue) for queue in QUEUES}
        if time.monotonic() < due:
            return depth, {}
        due = time.monotonic() + _CLOUDWATCH_INTERVAL
        answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=now - _RECENT, EndTime=now)
        ages = {series["Id"]: _latest(series) for series in answer["MetricDataResults"]}
        return depth, {queue: age for queue in QUEUES if (age := ages.get(queue.lower())) is not None}

    return read


def _name(stores: Stores, queue: str) -> str:
    return stores.queue(queue).rpartition("/")[2]


def _age(name: str) -> dict[str, Any]:
    dimensions = [{"Name": "QueueName", "Value": name}]
    return {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Dimensions": dimensions}


def _latest(series: Mapping[str, Sequence[Any]]) -> float | None:
    pairs = zip(series["Timestamps"], series["Values"], strict=True)
    return max(pairs, default=(None, None), key=lambda pair: pair[0])[1]
