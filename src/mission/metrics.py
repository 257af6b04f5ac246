"""Metrics that mission control shows, each with its statistic."""

from mission.slos import NAMESPACE, Metric

type Statistic = tuple[Metric, str]

_API = {"ApiName": "${AWS::StackName}", "Stage": "${Stage}"}
_POST = Metric("AWS/ApiGateway", "Latency", _API | {"Method": "POST", "Resource": "/wishes"})
_BOARDING = Metric(NAMESPACE, "SubmittedToBoarded", {"service": "worker"})
_WALL = Metric(NAMESPACE, "CommitToWall", {"service": "projector"})


def _counted(name: str, service: str) -> Statistic:
    return Metric(NAMESPACE, name, {"service": service}), "Sum"


def _queue(queue: str, name: str) -> Statistic:
    return Metric("AWS/SQS", name, {"QueueName": f"${{{queue}.QueueName}}"}), "Maximum"


SERIES: dict[str, Statistic] = {
    "requests": (Metric("AWS/ApiGateway", "Count", _API), "Sum"),
    "accepted": _counted("Submitted", "frontend"),
    "boarded": _counted("Boarded", "worker"),
    "parsed": _counted("Records", "parser"),
    "worked": _counted("Records", "worker"),
    "recorded": _counted("Recorded", "worker"),
    "projected": _counted("Projected", "projector"),
    "refused": _counted("Refused", "frontend"),
    "errors": (Metric("AWS/ApiGateway", "5XXError", _API), "Sum"),
    **{f"post_{percentile}": (_POST, percentile) for percentile in ("p50", "p95", "p99")},
    **{f"boarded_{percentile}": (_BOARDING, percentile) for percentile in ("p50", "p95", "p99")},
    **{f"wall_{percentile}": (_WALL, percentile) for percentile in ("p50", "p95")},
    "inbox_depth": _queue("Inbox", "ApproximateNumberOfMessagesVisible"),
    "inbox_age": _queue("Inbox", "ApproximateAgeOfOldestMessage"),
    "pods_depth": _queue("Pods", "ApproximateNumberOfMessagesVisible"),
    "pods_age": _queue("Pods", "ApproximateAgeOfOldestMessage"),
}
TOTALS: dict[str, Statistic] = {
    "accepted": _counted("Submitted", "frontend"),
    "boarded": _counted("Boarded", "worker"),
    "rejected": _counted("Rejected", "parser"),
    "duplicates": _counted("Duplicates", "worker"),
    "sanitised": _counted("Sanitised", "frontend"),
}
