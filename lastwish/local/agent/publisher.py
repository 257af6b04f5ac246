"""Publish to the engine's CloudWatch, every two seconds, the metrics that AWS would have there by itself."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from lastwish.aws.clients import Endpoint, engine_client, physical_ids
from lastwish.errors import AwsError
from lastwish.local.agent import emf
from lastwish.local.agent.emf import Point
from lastwish.local.agent.logs import Tail
from lastwish.local.agent.metrics import INTERVAL, MetricBuffer
from lastwish.local.agent.openmetrics import Exposition
from lastwish.local.door import KEY_HEADER
from lastwish.local.engine.queues import PATH
from observability.series import SERVICES

log = logging.getLogger("lastwish.agent")

NAMESPACE = "AWS/SQS"
# A long round is followed by a long rest, so that the agent takes about a tenth of the engine's time.
REST = 10
_COUNTED = ("Invocations", "Errors", "Throttles")  # of AWS/Lambda, which the engine measures
LONGEST_REST = 15.0  # seconds


class QueueMetrics:
    """Turns samples of the queues into metrics: of each queue that changed, and of one more in turn.

    That gives a value per minute and queue, keeps the engine's store small, and is never nothing: the engine evaluates
    its alarms when metrics arrive.
    """

    def __init__(self) -> None:
        self._last: dict[str, dict[str, float]] = {}
        self._turn = 0

    def points(self, samples: Iterable[dict[str, Any]], now: float) -> Iterator[Point]:
        """Return the points of samples as engine/queues.py gives them; `now` is in seconds of the epoch."""
        current = {str(sample["name"]): _values(sample) for sample in samples}
        self._turn += 1
        for index, (name, values) in enumerate(current.items()):
            if self._last.get(name) != values or index == self._turn % len(current):
                for metric, value in values.items():
                    unit = "Seconds" if metric == "ApproximateAgeOfOldestMessage" else "Count"
                    yield Point(NAMESPACE, (("QueueName", name),), metric, unit, value, now)
        self._last = current


def _values(sample: dict[str, Any]) -> dict[str, float]:
    return {
        "ApproximateNumberOfMessagesVisible": float(sample["visible"]),
        "ApproximateNumberOfMessagesNotVisible": float(sample["in_flight"]),
        "ApproximateAgeOfOldestMessage": float(int(sample["oldest_s"])),
    }


class Publisher:
    """Publishes `metrics`, and those of the queues and function logs of one stack, which runs on `engine`.

    `shown` learns their names, and asks here for what the engine counts itself.
    """

    def __init__(
        self, engine: Endpoint, stack: str, metrics: MetricBuffer, counters: dict[str, int], shown: Exposition | None
    ) -> None:
        self._engine, self._stack, self._shown = engine, stack, shown
        self._began = datetime.now(UTC)
        self._metrics, self._counters = metrics, counters
        self._queue_metrics = QueueMetrics()
        self._queues: set[str] = set()
        self._tails: list[Tail] = []
        self._http = httpx.Client(base_url=engine.url, headers={KEY_HEADER: engine.key}, timeout=10, trust_env=False)
        self._clients = {name: engine_client(name, engine) for name in ("cloudformation", "cloudwatch", "logs")}

    def start(self) -> None:
        """Publish in a thread until the process ends, at any moment: nothing has to be finished."""
        threading.Thread(target=self._run, daemon=True, name="publisher").start()

    def _run(self) -> None:
        last_failure = ""
        while True:
            began = time.monotonic()
            failure = self._try_to_publish(last_failure)
            self._counters["failed"] += bool(failure)
            if failure != last_failure:
                log.warning(failure or "publishing again")
                last_failure = failure
            took = time.monotonic() - began
            time.sleep(INTERVAL if failure else max(INTERVAL - took, min(REST * took, LONGEST_REST)))

    def _try_to_publish(self, last_failure: str) -> str:
        """Publish, and return why that failed; empty when it did not. Logs the traceback of a new unknown error."""
        try:
            self.publish()
        except (httpx.HTTPError, BotoCoreError, ClientError, AwsError) as error:
            return f"nothing can be published: {type(error).__name__}"
        except Exception as error:
            failure = f"nothing can be published: {error!r}"
            if failure != last_failure:
                log.exception("publishing failed")
            return failure
        return ""

    def publish(self) -> None:
        """Publish once. Raises what httpx and boto3 raise while there is no engine or no stack yet."""
        if not self._tails:
            self._find_sources()
        samples = self._http.get(PATH).raise_for_status().json()
        ours = [sample for sample in samples if sample["name"] in self._queues]
        self._metrics.add(self._queue_metrics.points(ours, time.time()))
        for tail in self._tails:
            for line in tail.lines():
                self._metrics.add(emf.points(line))
        for call in self._metrics.drain():
            self._clients["cloudwatch"].put_metric_data(**call)
            self._counters["published"] += len(call["MetricData"])

    def _find_sources(self) -> None:
        """Read from CloudFormation which queues and log groups the stack has."""

        def of(kind: str) -> dict[str, str]:
            return physical_ids(self._clients["cloudformation"], self._stack, kind)

        queues = {name: url.rpartition("/")[2] for name, url in of("AWS::SQS::Queue").items()}
        self._queues = set(queues.values())
        if self._shown:
            functions = of("AWS::Lambda::Function")
            self._functions = {SERVICES[name]: functions[name] for name in functions if name in SERVICES}
            self._shown.names = {physical: name for name, physical in queues.items()}
            self._shown.totals = self._totals
        self._tails = [Tail(self._clients["logs"], group) for group in of("AWS::Logs::LogGroup").values()]

    def _totals(self) -> dict[tuple[str, str], float]:
        """Return the counts of AWS/Lambda since this began, by metric and service; nothing while none answers."""
        asked = [(metric, service) for metric in _COUNTED for service in self._functions]
        queries = [_query(f"q{i}", metric, self._functions[service]) for i, (metric, service) in enumerate(asked)]
        try:
            answer = self._clients["cloudwatch"].get_metric_data(
                MetricDataQueries=queries, StartTime=self._began, EndTime=datetime.now(UTC)
            )
        except (BotoCoreError, ClientError):
            return {}
        values = {each["Id"]: sum(each["Values"]) for each in answer["MetricDataResults"]}
        return {key: values.get(f"q{i}", 0.0) for i, key in enumerate(asked)}


def _query(query_id: str, metric: str, function: str) -> dict[str, Any]:
    dimensions = [{"Name": "FunctionName", "Value": function}]
    found = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": query_id, "MetricStat": {"Metric": found, "Period": 3600, "Stat": "Sum"}}
