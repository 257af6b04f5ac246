"""What our functions emit into CloudWatch, and what it means. Tests hold it against src/; docs/slo.md shows it."""

from dataclasses import dataclass

from mission.slos import Metric

NAMESPACE = "LastWish"
FUNCTIONS = ("frontend", "console", "mission", "parser", "worker", "projector")
_HTTP = ("frontend", "console", "mission")
_BATCHES = ("parser", "worker", "projector")
_QUEUES = ("parser", "worker")
_STORE = ("frontend", "console", "mission", "worker", "projector")

# A metric by one of these costs as many metrics as there are values, so there are few.
PROBLEMS = (
    "bad-request", "conflict", "forbidden", "invalid-query", "invalid-wish", "not-found", "too-large", "unauthorized",
    "unsupported-media-type",
)  # fmt: skip
REASONS = ("boarding-closed", "only-links")


@dataclass(frozen=True, slots=True)
class Emitted:
    """A metric of dimension ``service``, and, where ``by`` names a second dimension, for each of ``values`` too."""

    name: str
    services: tuple[str, ...]
    says: str
    by: str | None = None
    values: tuple[str, ...] = ()

    @property
    def series(self) -> int:
        """How many custom metrics this is at most: what CloudWatch charges for."""
        return len(self.services) * (1 + len(self.values))


EMITTED = (
    Emitted("Requests", _HTTP, "requests that reached the function"),
    Emitted("Submitted", ("frontend",), "wishes that SQS has acknowledged"),
    Emitted("Sanitised", ("frontend",), "of these, wishes with something that a browser could take for a tag"),
    Emitted("Refused", _HTTP, "answers 4xx", "problem", PROBLEMS),
    Emitted("Unavailable", _HTTP, "answers 503: a queue or a table did not answer"),
    Emitted("Unexpected", _HTTP, "answers 500: nobody had thought of it"),
    Emitted("SlowPage", ("frontend",), "0 or 1 a page: it took longer than 1 s"),
    Emitted("SlowCall", ("frontend",), "0 or 1 a JSON answer: it took longer than 500 ms"),
    Emitted("Records", _BATCHES, "size of each batch"),
    Emitted("Accepted", ("parser",), "wishes that keep the rules"),
    Emitted("Held", ("parser",), "wishes that keep the rules and wait for an operator"),
    Emitted("Rejected", ("parser",), "wishes that break a rule", "reason", REASONS),
    Emitted("Retries", _QUEUES, "messages that go back to their queue for a while"),
    Emitted("DeadLettered", _QUEUES, "messages that can never succeed"),
    Emitted("Recorded", ("worker",), "commits appended"),
    Emitted("Boarded", ("worker",), "wishes that got a seat"),
    Emitted("Waitlisted", ("worker",), "wishes for which there was none"),
    Emitted("Duplicates", ("worker",), "wishes that were stored already"),
    Emitted("SeatsLeaked", ("worker",), "seats leased for a wish that somebody else had stored meanwhile"),
    Emitted("SubmittedToBoarded", ("worker",), "ms from the answer 202 to the commit"),
    Emitted("Late", ("worker",), "0 or 1 a wish: that took longer than 30 s"),
    Emitted("ClockSkew", ("worker",), "wishes from more than 5 s in the future"),
    Emitted("Projected", ("projector",), "wishes whose row in the read model changed"),
    Emitted("UnknownEvents", ("projector",), "events of a type that this version does not know"),
    Emitted("CommitToWall", ("projector",), "ms from the commit to the read model"),
    Emitted("Stale", ("projector",), "0 or 1 a commit: that took longer than 10 s"),
    Emitted("StoreRefused", _STORE, "DynamoDB did not answer, or with an error"),
    Emitted("StoreThrottled", _STORE, "DynamoDB wants us to slow down"),
    Emitted("QueueRefused", ("frontend", "parser", "worker"), "SQS did not answer, or with an error"),
    Emitted("CredentialsRefused", FUNCTIONS, "AWS does not believe who we are, or that we may"),
)  # fmt: skip

# Powertools adds this one by itself, with the physical name of the function beside the service.
COLD_START = Emitted("ColdStart", FUNCTIONS, "starts of a new execution environment", "function_name")


def ours(name: str, service: str, **more: str) -> Metric:
    """A metric of one of our functions, with the value of its second dimension if it has one."""
    return Metric(NAMESPACE, name, {**more, "service": service})


def cold_start(service: str) -> Metric:
    """The metric that Powertools adds for a service's function."""
    return ours(COLD_START.name, service, function_name=f"${{{function_id(service)}}}")


def dimensions(metric: Metric) -> dict[str, str]:
    """Return a metric's dimensions as observability.yaml writes them.

    Metrics name what is in template.yaml; there, each of these names is a parameter.
    """
    return {
        name: value.replace("${AWS::StackName}", "${MainStack}").replace(".QueueName}", "}")
        for name, value in metric.dimensions.items()
    }


def queue(name: str, logical_id: str) -> Metric:
    """A metric of SQS for a queue of the template."""
    return Metric("AWS/SQS", name, {"QueueName": f"${{{logical_id}.QueueName}}"})


def function_id(service: str) -> str:
    """Return the logical id of a service's function in the template."""
    return f"{service.capitalize()}Function"


def function(name: str, logical_id: str) -> Metric:
    """A metric of Lambda for a function of the template."""
    return Metric("AWS/Lambda", name, {"FunctionName": f"${{{logical_id}}}"})


def table(name: str, logical_id: str) -> Metric:
    """A metric of DynamoDB for a table of the template."""
    return Metric("AWS/DynamoDB", name, {"TableName": f"${{{logical_id}}}"})


def api(name: str, *route: str) -> Metric:
    """A metric of the stage, or of one ``(method, path)`` of it."""
    stage = {"ApiName": "${AWS::StackName}", "Stage": "${Stage}"}
    return Metric("AWS/ApiGateway", name, stage | dict(zip(("Method", "Resource"), route, strict=False)))
