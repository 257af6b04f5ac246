"""How the metrics of CloudWatch are called in Prometheus: what the laptop's agent shows, and what rules.py asks for.

Names follow Prometheus' conventions: seconds, and `_total` behind a counter. A metric of zeros and ones becomes two
counters: the bad events, and all of them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from observability.metrics import EMITTED, FUNCTIONS, Emitted, function_id

Kind = Literal["Counter", "Gauge", "Histogram"]  # classes of prometheus_client


@dataclass(frozen=True, slots=True)
class Series:
    """``labels`` are the names of labels by those of dimensions; ``events`` is the counter of all, where some are bad.

    ``known`` are the values that the labels can have, as far as they are known before anything happens: a counter
    that begins at 1 has no increase.
    """

    name: str
    kind: Kind
    about: str
    labels: Mapping[str, str]
    events: str = ""
    known: tuple[tuple[str, ...], ...] = ()

    @property
    def total(self) -> str:
        """Name of its samples, where it is a counter."""
        return f"{self.name}_total"


def _ours(metric: Emitted, second: str = "") -> Series:
    name = "lastwish_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", metric.name).lower()
    known: tuple[tuple[str, ...], ...]
    if second:
        known = tuple((service, value) for service in metric.services for value in metric.values)
        return Series(
            f"{name}_by_{second}", "Counter", metric.meaning, {"service": "service", second: second}, "", known
        )
    labels, known = {"service": "service"}, tuple((service,) for service in metric.services)
    if metric.is_duration:
        return Series(f"{name}_seconds", "Histogram", metric.meaning.replace("ms", "seconds", 1), labels, "", known)
    return Series(name, "Counter", metric.meaning, labels, f"{name}_events" if metric.is_indicator else "", known)


_ROUTE = {"Method": "method", "Resource": "route"}  # its other dimensions are the same for all
_QUEUE = {"QueueName": "queue"}
_FUNCTION = {"FunctionName": "service"}
_SERVICES = tuple((service,) for service in FUNCTIONS)

_AWS = {
    ("AWS/ApiGateway", "Count"): Series("lastwish_api_requests", "Counter", "calls of a route", _ROUTE),
    ("AWS/ApiGateway", "4XXError"): Series("lastwish_api_client_errors", "Counter", "answers 4xx", _ROUTE),
    ("AWS/ApiGateway", "5XXError"): Series(
        "lastwish_api_server_errors", "Counter", "answers 5xx", _ROUTE, "lastwish_api_server_errors_events",
        (("POST", "/wishes"),),
    ),
    ("AWS/ApiGateway", "Latency"): Series("lastwish_api_latency_seconds", "Histogram", "from call to answer", _ROUTE),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): Series(
        "lastwish_queue_visible_messages", "Gauge", "messages that wait", _QUEUE
    ),
    ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible"): Series(
        "lastwish_queue_in_flight_messages", "Gauge", "messages that were taken and are not deleted", _QUEUE
    ),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): Series(
        "lastwish_queue_oldest_message_age_seconds", "Gauge", "age of the oldest message", _QUEUE
    ),
    ("AWS/Lambda", "Invocations"): Series(
        "lastwish_function_invocations", "Counter", "invocations", _FUNCTION, "", _SERVICES
    ),
    ("AWS/Lambda", "Errors"): Series(
        "lastwish_function_errors", "Counter", "invocations that failed", _FUNCTION, "", _SERVICES
    ),
    ("AWS/Lambda", "Throttles"): Series(
        "lastwish_function_throttles", "Counter", "invocations that were refused", _FUNCTION, "", _SERVICES
    ),
}  # fmt: skip
_FIXED = frozenset({"ApiName", "Stage"})  # dimensions that are no labels

_Key = tuple[str, str, frozenset[str]]
CATALOGUE: Mapping[_Key, Series] = {
    ("LastWish", each.name, frozenset(shown.labels)): shown
    for each in EMITTED
    for shown in (_ours(each), *([_ours(each, each.by)] if each.by else []))
} | {(namespace, metric, frozenset(shown.labels)): shown for (namespace, metric), shown in _AWS.items()}

# What a label says, by the logical id of a function.
SERVICES = {function_id(service): service for service in FUNCTIONS}


def series(namespace: str, metric: str, dimensions: Iterable[str]) -> Series | None:
    """Return how a metric is shown; None for one that is not, such as the sum over all routes."""
    ours = "LastWish" if namespace.startswith("LastWish/") else namespace
    return CATALOGUE.get((ours, metric, frozenset(dimensions) - _FIXED))
