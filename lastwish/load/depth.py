"""Queues and CPU while a load runs: what lies in the queues, how old the oldest is, and who used the processor."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psutil
from botocore.exceptions import BotoCoreError, ClientError

from lastwish.load.run import Sample
from lastwish.local.engine.queues import PATH
from lastwish.maintenance.stores import Stores

INTERVAL = 2.0
QUEUES = ("Inbox", "Pods")
_A_MINUTE = 60.0  # is how often CloudWatch has something new, and each question costs
_RECENT = timedelta(minutes=5)  # CloudWatch is some minutes behind with SQS

type Look = Callable[[], tuple[dict[str, int], dict[str, float]]]  # messages, and age of the oldest, by queue


class Depths(threading.Thread):
    """Looks every INTERVAL seconds until it is told to stop. ``samples`` so far, oldest first.

    A look that fails is left out: a load that is the reason for it must not end for it.
    """

    def __init__(self, look: Look, clock: Callable[[], float]) -> None:
        super().__init__(daemon=True, name="depths")
        self.samples: list[Sample] = []
        self._look, self._clock = look, clock
        self._over = threading.Event()

    def run(self) -> None:
        """The thread's."""
        while True:
            began = time.monotonic()
            with suppress(BotoCoreError, ClientError, httpx.HTTPError, ValueError, KeyError):
                depth, oldest = self._look()
                if self._over.is_set():  # too late
                    return
                self.samples.append(Sample(round(self._clock(), 3), depth, oldest))
            if self._over.wait(max(0.1, INTERVAL - (time.monotonic() - began))):
                return

    def stop(self) -> None:
        """No more looks."""
        self._over.set()
        if self.is_alive():
            self.join(INTERVAL)


def in_engine(stores: Stores, engine: str) -> Look:
    """What the engine at this endpoint URL tells in one answer: both, and both as of now."""
    names = {_name(stores, queue): queue for queue in QUEUES}
    http = httpx.Client(base_url=engine, timeout=10, trust_env=False)

    def look() -> tuple[dict[str, int], dict[str, float]]:
        queues = {
            names[each["name"]]: each for each in http.get(PATH).raise_for_status().json() if each["name"] in names
        }
        depth = {name: each["visible"] + each["in_flight"] + each["delayed"] for name, each in queues.items()}
        return depth, {name: float(each["oldest_s"]) for name, each in queues.items()}

    return look


def on_aws(stores: Stores, cloudwatch: Any) -> Look:
    """SQS for what lies in them; CloudWatch, which has it by the minute, for the age."""
    asked = [
        {"Id": queue.lower(), "MetricStat": {"Metric": _age(_name(stores, queue)), "Period": 60, "Stat": "Maximum"}}
        for queue in QUEUES
    ]

    due = 0.0

    def look() -> tuple[dict[str, int], dict[str, float]]:
        nonlocal due
        now = datetime.now(UTC)
        depth = {queue: stores.waiting(queue) for queue in QUEUES}
        if time.monotonic() < due:
            return depth, {}
        due = time.monotonic() + _A_MINUTE
        answer = cloudwatch.get_metric_data(MetricDataQueries=asked, StartTime=now - _RECENT, EndTime=now)
        ages = {each["Id"]: _latest(each) for each in answer["MetricDataResults"]}
        return depth, {queue: age for queue in QUEUES if (age := ages.get(queue.lower())) is not None}

    return look


def _name(stores: Stores, queue: str) -> str:
    return stores.queue(queue).rpartition("/")[2]


def _age(name: str) -> dict[str, Any]:
    dimensions = [{"Name": "QueueName", "Value": name}]
    return {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Dimensions": dimensions}


def _latest(series: Mapping[str, Sequence[Any]]) -> float | None:
    pairs = zip(series["Timestamps"], series["Values"], strict=True)
    return max(pairs, default=(None, None), key=lambda pair: pair[0])[1]


def cpu_seconds(parts: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds so far of each part by its pid, with all its children, dead or alive; without those that are gone."""
    found = {}
    for name, pid in parts.items():
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            family = [process] if pid == os.getpid() else [process, *process.children(recursive=True)]
            found[name] = sum(_used(each, grown=pid != os.getpid()) for each in family)
    return found


def _used(process: psutil.Process, grown: bool) -> float:
    """Its own, and that of its children that have ended: those alive are counted for themselves."""
    with suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system + (times.children_user + times.children_system if grown else 0))
    return 0.0
