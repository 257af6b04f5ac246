"""Alarms on one symptom each. burn.py has the alarms that follow from the SLOs, failures.py each alarm's runbook.

Alarms are few, and each one needs a person. A fault of DynamoDB raises `store-refuses` and nothing else: mere effects
of a fault (retries, an age that grows for a minute) have no alarm, or one that waits longer.
"""

from dataclasses import dataclass
from typing import Literal

from mission.slos import Metric
from observability.metrics import custom, function, function_id, queue, table

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Alarm:
    """On when ``statistic`` of ``metric`` over ``period`` seconds is ``threshold`` or more, ``periods`` times in a row.

    ``symptom`` is what the audience sees. An alarm that does not notify is a signal: a part of a composite. ``on_aws``
    marks an alarm on a metric that the laptop does not have.
    """

    name: str
    metric: Metric
    threshold: float
    symptom: str
    statistic: Literal["Sum", "Average", "Maximum"] = "Sum"
    period: int = 5 * MINUTE
    periods: int = 1
    on_aws: bool = False
    notifies: bool = True


@dataclass(frozen=True, slots=True)
class Composite:
    """On when all of its parts are, which are alarms by name."""

    name: str
    parts: tuple[str, ...]
    symptom: str


def logical_id(name: str) -> str:
    """Return the logical id of an alarm in the template."""
    return "".join(part.capitalize() for part in name.split("-")) + "Alarm"


def _dead_letters(logical_id: str, symptom: str = "") -> Alarm:
    # SQS does not know what was promised: a stranger's message rings too, and is not called a wish.
    symptom = symptom or (
        f"{logical_id}Dlq holds a message. If somebody was promised it, the receipt stays at 'On its way'; "
        "if nobody was, the audience sees nothing. lastwish dlq list tells which."
    )
    visible = queue("ApproximateNumberOfMessagesVisible", f"{logical_id}Dlq")
    return Alarm(f"dead-letters-{logical_id.lower()}", visible, 1, symptom, statistic="Maximum", period=MINUTE)


def _refusals(name: str, metric: Metric, symptom: str) -> Alarm:
    return Alarm(name, metric, 3, symptom, period=2 * MINUTE)


def _credentials(service: str, symptom: str) -> Alarm:
    metric = custom("CredentialsRefused", service)
    symptom += f" AWS refuses the {service}'s credentials or permissions."
    return Alarm(f"credentials-refused-{service}", metric, 1, symptom, period=MINUTE)


def _backlog(logical_id: str, symptom: str) -> Alarm:
    # Three minutes in a row: one message in its fourth pause (src/infra/queues.py) is no backlog.
    age = queue("ApproximateAgeOfOldestMessage", logical_id)
    name = f"{logical_id.lower()}-backlog"
    return Alarm(name, age, 300, symptom, statistic="Maximum", period=MINUTE, periods=3)


def _crashes(name: str, logical_id: str, symptom: str) -> Alarm:
    return Alarm(name, function("Errors", logical_id), 3, symptom)


def _throttles(service: str, symptom: str) -> Alarm:
    # Each throttled batch costs its messages one of five receives: it takes a few minutes to the dead-letter queue.
    symptom += f" Lambda has no room for the {service}."
    return Alarm(f"{service}-throttled", function("Throttles", function_id(service)), 3, symptom)


ALARMS = (
    _dead_letters("Inbox"),
    _dead_letters("Pods"),
    _dead_letters("Projector", "Stored wishes are missing on the wall and in the totals: a batch was given up."),
    _refusals("store-refuses", custom("StoreRefused", "worker"),
              "Wishes are accepted and wait; receipts do not load. DynamoDB refuses the worker or does not answer."),
    _refusals("store-throttles", custom("StoreThrottled", "worker"),
              "Wishes are accepted and board late. DynamoDB throttles the worker."),
    _refusals("inbox-refuses", custom("QueueRefused", "frontend"),
              "People who send a wish are asked to try again. SQS does not take it for Inbox."),
    _refusals("pods-refuses", custom("QueueRefused", "parser"),
              "Wishes are accepted and do not board. SQS does not take them for Pods."),
    _credentials("frontend", "Nobody can send or see a wish."),
    _credentials("parser", "Wishes are accepted and wait in Inbox."),
    _credentials("worker", "Wishes are accepted and wait in Pods."),
    _credentials("projector", "Wishes board, but the wall stands still."),
    _backlog("Inbox", "Receipts stay at 'On its way' for minutes: the parser does not keep up."),
    _backlog("Pods", "Receipts stay at 'On its way' for minutes: the worker does not keep up."),
    _crashes("frontend-crashes", "FrontendFunction", "Pages and wishes fail with an error."),
    _crashes("parser-crashes", "ParserFunction", "Wishes are accepted and do not board: the parser crashes."),
    _crashes("worker-crashes", "WorkerFunction", "Wishes are accepted and do not board: the worker crashes."),
    _throttles("parser", "Receipts stay at 'On its way': wishes wait in Inbox."),
    _throttles("worker", "Receipts stay at 'On its way': wishes wait in Pods."),
    _crashes("projector-stuck", "ProjectorFunction",
             "Wishes board, but the wall and the totals stand still: the projector fails again and again."),
    Alarm("injection", custom("Sanitised", "frontend"), 100,
          "The wall shows tags as text: somebody tries to inject markup, and fails."),
    Alarm("duplicate-storm", custom("Duplicates", "worker"), 200,
          "Nothing yet: the same wishes arrive again and again, and each counts once."),
    Alarm("hot-destination", custom("SeatsLeaked", "worker"), 20,
          "The ship seems fuller than it is: workers race for the same wishes and leak the seats that they leased."),
    Alarm("hot-destination-throttles", table("WriteThrottleEvents", "Seats"), 1,
          "Wishes board late: too many leases for one item of Seats, or for the table.", on_aws=True),
    Alarm("sold-out", custom("Waitlisted", "worker"), 1, "Receipts say 'waiting list': a ship is full."),
    Alarm("clock-skew", custom("ClockSkew", "worker"), 1,
          "Nothing yet: wishes come from the future, so clocks disagree and latencies are wrong."),
)  # fmt: skip
