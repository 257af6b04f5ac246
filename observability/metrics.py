"""Metrics that our functions emit into CloudWatch, with their meaning. Tests compare them with src/."""

from dataclasses import dataclass

from mission.slos import NAMESPACE, Metric

FUNCTIONS = ("frontend", "console", "mission", "parser", "worker", "projector")
_HTTP = ("frontend", "console", "mission")
_BATCHES = ("parser", "worker", "projector")
_QUEUES = ("parser", "worker")
_STORE = ("frontend", "console", "mission", "worker", "projector")

# CloudWatch charges for each value of a second dimension, so there are few.
PROBLEMS = (
    "account-locked", "bad-request", "conflict", "forbidden", "invalid-query", "invalid-wish", "not-found", "too-large",
    "unauthorized", "unsupported-media-type",
)  # fmt: skip
REASONS = ("boarding-closed", "only-links")


@dataclass(frozen=True, slots=True)
class Emitted:
    """A metric of dimension ``service``. ``by`` is a second dimension, ``values`` are the values that it may have."""

    name: str
    services: tuple[str, ...]
    meaning: str
    by: str | None = None
    values: tuple[str, ...] = ()

    @property
    def is_duration(self) -> bool:
        """Return whether its values are milliseconds; others are counted."""
        return self.meaning.startswith("ms ")

    @property
    def is_indicator(self) -> bool:
        """Return whether each event has a value: 0 is good, 1 is bad."""
        return self.meaning.startswith("0 or 1 ")

    @property
    def series(self) -> int:
        """Count the custom metrics that this is at most. CloudWatch charges for each."""
        return len(self.services) * (1 + len(self.values))


EMITTED = (
    Emitted("Requests", _HTTP, "requests that reached the function"),
    Emitted("Submitted", ("frontend",), "wishes that SQS has acknowledged"),
    Emitted("Sanitised", ("frontend",), "of these, wishes with text that a browser could read as a tag"),
    Emitted("Refused", _HTTP, "answers 4xx", "problem", PROBLEMS),
    Emitted("Unavailable", _HTTP, "answers 503: a queue or a table did not answer"),
    Emitted("Unexpected", _HTTP, "answers 500: an error that nobody expected"),
    Emitted("SlowPage", ("frontend",), "0 or 1 a page: it took longer than 1 s"),
    Emitted("SlowCall", ("frontend",), "0 or 1 a JSON answer: it took longer than 500 ms"),
    Emitted("Records", _BATCHES, "size of each batch"),
    Emitted("Accepted", ("parser",), "wishes that keep the rules"),
    Emitted("Held", ("parser",), "wishes that keep the rules and wait for an operator"),
    Emitted("Rejected", ("parser",), "wishes that break a rule", "reason", REASONS),
    Emitted("SettingsUnread", ("parser",), "reads of Parameter Store that failed: the rules may be old"),
    Emitted("Retries", _QUEUES, "messages that go back to their queue for a pause"),
    Emitted("DeadLettered", _QUEUES, "messages that can never succeed"),
    Emitted("Recorded", ("worker",), "commits appended"),
    Emitted("Boarded", ("worker",), "wishes that got a seat"),
    Emitted("Waitlisted", ("worker",), "wishes that found no seat left"),
    Emitted("Duplicates", ("worker",), "wishes that were stored already"),
    Emitted("SeatsLeaked", ("worker",), "seats leased for a wish that another worker stored meanwhile"),
    Emitted("SubmittedToBoarded", ("worker",), "ms from the answer 202 to the commit"),
    Emitted("Late", ("worker",), "0 or 1 a wish: that took longer than 30 s"),
    Emitted("ClockSkew", ("worker",), "wishes from more than 5 s in the future"),
    Emitted("Projected", ("projector",), "wishes whose row in the read model changed"),
    Emitted("UnknownEvents", ("projector",), "events of a type that this version does not know"),
    Emitted("CommitToWall", ("projector",), "ms from the commit to the read model"),
    Emitted("Stale", ("projector",), "0 or 1 a commit: that took longer than 10 s"),
    Emitted("StoreRefused", _STORE, "DynamoDB did not answer, or answered with an error"),
    Emitted("StoreThrottled", _STORE, "DynamoDB throttled a call"),
    Emitted("QueueRefused", ("frontend", "parser", "worker"), "SQS did not answer, or answered with an error"),
    Emitted("CredentialsRefused", FUNCTIONS, "AWS refused our credentials or permissions"),
)  # fmt: skip

# Powertools adds this one by itself, with the function's physical name as second dimension.
COLD_START = Emitted("ColdStart", FUNCTIONS, "starts of a new execution environment", "function_name")


def custom(name: str, service: str, **second: str) -> Metric:
    """Return a metric of one of our functions. ``second`` is the value of its second dimension, if any."""
    return Metric(NAMESPACE, name, {**second, "service": service})


def cold_start(service: str) -> Metric:
    """Return the metric that Powertools adds for a service's function."""
    return custom(COLD_START.name, service, function_name=f"${{{function_id(service)}}}")


def nested(metric: Metric) -> Metric:
    """Return a metric with placeholders of observability.yaml.

    Metrics have those of template.yaml, as mission control does. observability.yaml gets each name as a parameter.
    """
    return Metric(_nested(metric.namespace), metric.name, {k: _nested(each) for k, each in metric.dimensions.items()})


def _nested(text: str) -> str:
    return text.replace("${AWS::StackName}", "${MainStack}").replace(".QueueName}", "}")


def queue(name: str, logical_id: str) -> Metric:
    """Return a metric of SQS for a queue of the template."""
    return Metric("AWS/SQS", name, {"QueueName": f"${{{logical_id}.QueueName}}"})


def function_id(service: str) -> str:
    """Return the logical id of a service's function in the template."""
    return f"{service.capitalize()}Function"


def function(name: str, logical_id: str) -> Metric:
    """Return a metric of Lambda for a function of the template."""
    return Metric("AWS/Lambda", name, {"FunctionName": f"${{{logical_id}}}"})


def table(name: str, logical_id: str) -> Metric:
    """Return a metric of DynamoDB for a table of the template."""
    return Metric("AWS/DynamoDB", name, {"TableName": f"${{{logical_id}}}"})


def api(name: str, *route: str) -> Metric:
    """Return a metric of the API's stage, or of one ``(method, path)`` of it."""
    stage = {"ApiName": "${AWS::StackName}", "Stage": "${Stage}"}
    return Metric("AWS/ApiGateway", name, stage | dict(zip(("Method", "Resource"), route, strict=False)))
