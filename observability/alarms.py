"""Every alarm that stands by itself: one symptom each. burn.py has those that follow from the SLOs, failures.py says
which runbook helps.

Alarms are few and each is somebody's work. A fault of DynamoDB raises `store-refuses` and nothing else: what merely
follows from a fault (retries, an age that grows for a minute) has no alarm of its own, or one that waits longer.
"""

from dataclasses import dataclass
from typing import Literal

from mission.slos import Metric
from observability.metrics import function, ours, queue, table

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Alarm:
    """On when ``statistic`` of ``metric`` over ``period`` seconds is ``threshold`` or more, ``periods`` times in a row.

    ``tells`` is what the audience sees. One that does not notify is a signal: a part of a composite. ``on_aws`` is for
    what the laptop has no metric of.
    """

    name: str
    metric: Metric
    threshold: float
    tells: str
    statistic: Literal["Sum", "Average", "Maximum"] = "Sum"
    period: int = 5 * MINUTE
    periods: int = 1
    on_aws: bool = False
    notifies: bool = True


@dataclass(frozen=True, slots=True)
class Composite:
    """On when all of these alarms are."""

    name: str
    parts: tuple[str, ...]
    tells: str


def logical_id(name: str) -> str:
    """Under which an alarm stands in the template."""
    return "".join(part.capitalize() for part in name.split("-")) + "Alarm"


def _dead(logical_id: str, tells: str) -> Alarm:
    visible = queue("ApproximateNumberOfMessagesVisible", f"{logical_id}Dlq")
    return Alarm(f"dead-letters-{logical_id.lower()}", visible, 1, tells, statistic="Maximum", period=MINUTE)


def _refuses(name: str, metric: Metric, tells: str) -> Alarm:
    return Alarm(name, metric, 3, tells, period=2 * MINUTE)


def _credentials(service: str, tells: str) -> Alarm:
    metric = ours("CredentialsRefused", service)
    tells += f" AWS refuses the {service}'s credentials or permissions."
    return Alarm(f"credentials-refused-{service}", metric, 1, tells, period=MINUTE)


def _backlog(logical_id: str, tells: str) -> Alarm:
    # Three minutes in a row: one message that waits out its fourth pause (src/infra/queues.py) is no backlog.
    age = queue("ApproximateAgeOfOldestMessage", logical_id)
    name = f"{logical_id.lower()}-backlog"
    return Alarm(name, age, 300, tells, statistic="Maximum", period=MINUTE, periods=3)


def _crashes(name: str, logical_id: str, tells: str) -> Alarm:
    return Alarm(name, function("Errors", logical_id), 3, tells)


ALARMS = (
    _dead("Inbox", "Somebody's receipt never gets beyond 'On its way': the wish lies in InboxDlq."),
    _dead("Pods", "Somebody's receipt never gets beyond 'On its way': the wish lies in PodsDlq."),
    _dead("Projector", "Stored wishes are missing on the wall and in the totals: the projector gave up on a batch."),
    _refuses("store-refuses", ours("StoreRefused", "worker"),
             "Wishes are taken and wait; receipts do not load. DynamoDB refuses the worker or does not answer."),
    _refuses("store-throttles", ours("StoreThrottled", "worker"),
             "Wishes are taken and board late. DynamoDB throttles the worker."),
    _refuses("inbox-refuses", ours("QueueRefused", "frontend"),
             "Who sends a wish is asked to try again. SQS does not take it for Inbox."),
    _refuses("pods-refuses", ours("QueueRefused", "parser"),
             "Wishes are taken and do not board. SQS does not take them for Pods."),
    _credentials("frontend", "Nobody can send a wish or look at one."),
    _credentials("parser", "Wishes are taken and wait in Inbox."),
    _credentials("worker", "Wishes are taken and wait in Pods."),
    _credentials("projector", "Wishes board, and the wall stands still."),
    _backlog("Inbox", "Receipts stay at 'On its way' for minutes: the parser does not keep up."),
    _backlog("Pods", "Receipts stay at 'On its way' for minutes: the worker does not keep up."),
    _crashes("frontend-crashes", "FrontendFunction", "Pages and wishes fail with an error."),
    _crashes("parser-crashes", "ParserFunction", "Wishes are taken and do not board: the parser dies of every batch."),
    _crashes("worker-crashes", "WorkerFunction", "Wishes are taken and do not board: the worker dies of every batch."),
    _crashes("projector-stuck", "ProjectorFunction",
             "Wishes board, and the wall and the totals stand still: the projector fails again and again."),
    Alarm("injection", ours("Sanitised", "frontend"), 100,
          "Tags stand on the wall as the text they are: somebody tries to inject markup, and fails."),
    Alarm("duplicate-storm", ours("Duplicates", "worker"), 200,
          "Nothing yet: the same wishes arrive over and over, each counts once."),
    Alarm("hot-destination", ours("SeatsLeaked", "worker"), 20,
          "The ship seems fuller than it is: workers race for the same wishes and leave leased seats behind."),
    Alarm("hot-destination-throttles", table("WriteThrottleEvents", "Seats"), 1,
          "Wishes board late: too many leases for one item of Seats, or for the table.", on_aws=True),
    Alarm("sold-out", ours("Waitlisted", "worker"), 1, "Receipts say 'waiting list': a ship is full."),
    Alarm("clock-skew", ours("ClockSkew", "worker"), 1,
          "Nothing yet: wishes come from the future, so clocks disagree and latencies are not to be trusted."),
)  # fmt: skip
