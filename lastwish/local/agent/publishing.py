"""Brings into the engine's CloudWatch, every two seconds, what AWS would have there by itself."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from lastwish.aws.clients import engine_client, physical_ids
from lastwish.errors import AwsError
from lastwish.local.agent import emf
from lastwish.local.agent.emf import Point
from lastwish.local.agent.logs import Tail
from lastwish.local.agent.metrics import INTERVAL, Gathered
from lastwish.local.engine.queues import PATH

log = logging.getLogger("lastwish.agent")

NAMESPACE = "AWS/SQS"
# A round that takes long is followed by a long rest: about a tenth of the engine's time is ours.
REST = 10
LONGEST_REST = 15.0  # seconds


class Depths:
    """Metrics of queues out of looks at them: of each that changed, and of one more in turn.

    That is enough for a value per minute and queue, keeps what the engine stores small, and is never nothing, so that
    alarms, which the engine looks at when metrics come, are looked at every time.
    """

    def __init__(self) -> None:
        self._known: dict[str, dict[str, float]] = {}
        self._turn = 0

    def points(self, looks: Iterable[dict[str, Any]], now: float) -> Iterator[Point]:
        """`looks` are what queues.py tells about the queues; `now` is in seconds of the epoch."""
        seen = {str(look["name"]): _measured(look) for look in looks}
        self._turn += 1
        for index, (name, values) in enumerate(seen.items()):
            if self._known.get(name) != values or index == self._turn % len(seen):
                for metric, value in values.items():
                    unit = "Seconds" if metric == "ApproximateAgeOfOldestMessage" else "Count"
                    yield Point(NAMESPACE, (("QueueName", name),), metric, unit, value, now)
        self._known = seen


def _measured(look: dict[str, Any]) -> dict[str, float]:
    return {
        "ApproximateNumberOfMessagesVisible": float(look["visible"]),
        "ApproximateNumberOfMessagesNotVisible": float(look["in_flight"]),
        "ApproximateAgeOfOldestMessage": float(int(look["oldest_s"])),
    }


class Publisher:
    """Queues, functions' logs and what else was `gathered`, of one stack of the engine at this endpoint URL."""

    def __init__(self, engine: str, stack: str, gathered: Gathered, counters: dict[str, int]) -> None:
        self._engine, self._stack = engine, stack
        self._gathered, self._counters = gathered, counters
        self._depths = Depths()
        self._queues: set[str] = set()
        self._tails: list[Tail] = []
        self._http = httpx.Client(base_url=engine, timeout=10, trust_env=False)
        self._clients = {name: engine_client(name, engine) for name in ("cloudformation", "cloudwatch", "logs")}

    def start(self) -> None:
        """Publish until the process ends. A thread that may be cut off at any moment: nothing is owed to anybody."""
        threading.Thread(target=self._run, daemon=True, name="publishing").start()

    def _run(self) -> None:
        failing = ""
        while True:
            began = time.monotonic()
            try:
                self.publish()
                said = ""
            except (httpx.HTTPError, BotoCoreError, ClientError, AwsError) as error:
                said = f"nothing can be published: {type(error).__name__}"
            except Exception as error:
                said = f"nothing can be published: {error!r}"
                if said != failing:
                    log.exception("publishing failed")
            self._counters["failed"] += bool(said)
            if said != failing:
                log.warning(said or "publishing again")
                failing = said
            took = time.monotonic() - began
            time.sleep(INTERVAL if said else max(INTERVAL - took, min(REST * took, LONGEST_REST)))

    def publish(self) -> None:
        """One round. Raises what httpx and boto3 raise while the engine is away or the stack not there yet."""
        if not self._tails:
            self._find()
        looks = self._http.get(PATH).raise_for_status().json()
        self._gathered.add(self._depths.points([each for each in looks if each["name"] in self._queues], time.time()))
        for tail in self._tails:
            for line in tail.lines():
                self._gathered.add(emf.points(line))
        for call in self._gathered.take():
            self._clients["cloudwatch"].put_metric_data(**call)
            self._counters["published"] += len(call["MetricData"])

    def _find(self) -> None:
        """Queues and log groups, as CloudFormation made them."""

        def of(kind: str) -> list[str]:
            return list(physical_ids(self._clients["cloudformation"], self._stack, kind).values())

        self._queues = {url.rpartition("/")[2] for url in of("AWS::SQS::Queue")}
        self._tails = [Tail(self._clients["logs"], group) for group in of("AWS::Logs::LogGroup")]
