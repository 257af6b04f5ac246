"""Service level objectives. `make observability` generates alarms, dashboard and docs/slo.md from this file, and
mission control reads it. The times in the promises stand in infra/slos.py, since the functions measure by them.

An indicator is a metric with one value per event: 0 where the promise was kept, 1 where it was not. So over any span of
time, summed over an objective's metrics: bad = Sum, total = SampleCount, the bad share = Average. Zero loss uses the
depth of dead-letter queues instead, as it is now: what lay there yesterday was late, and what was parked is no promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from infra.slos import CALL_WITHIN, PAGE_WITHIN, PROJECTED_WITHIN, STORED_WITHIN

NAMESPACE = "LastWish/${AWS::StackName}"  # of what our functions count: each stack has its own
WINDOW_DAYS = 28  # four weeks: every window has the same number of weekends
ENOUGH = 10  # bad events before an alarm: one failure in a quiet night is half of the traffic and no trend


@dataclass(frozen=True, slots=True)
class Metric:
    """A CloudWatch metric. Its texts may hold the template's placeholders, such as ``${AWS::StackName}``."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Slo:
    """``objective`` is the share of good events, 0 to 1; ``promise`` describes a good event."""

    name: str
    title: str
    promise: str
    objective: float
    metrics: tuple[Metric, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Burn:
    """A burn rate: ``rate`` times the pace that uses the budget up in one window, over both spans (in seconds)."""

    name: str
    rate: float
    long: int
    short: int

    def threshold(self, objective: float) -> float:
        """Return the share of bad events, 0 to 1, at this rate."""
        return round(self.rate * (1 - objective), 6)


def _text(time: timedelta) -> str:
    return f"{time.seconds} s" if time.seconds else f"{time.microseconds // 1000} ms"


BURNS = (Burn("page", 14.4, long=3600, short=300), Burn("ticket", 6, long=6 * 3600, short=1800))

_POST = {"ApiName": "${AWS::StackName}", "Stage": "${Stage}", "Method": "POST", "Resource": "/wishes"}
_DEAD = ("InboxDlq", "PodsDlq", "ProjectorDlq")

SLOS = (
    Slo("post-availability", "Wishes are taken", "a POST of a wish is not answered with a 5xx", 0.999,
        (Metric("AWS/ApiGateway", "5XXError", _POST),),
        "People try once or twice and put the phone away; API Gateway promises 99.95 %, more is hardly ours to give"),
    Slo("page-latency", "Pages come at once", f"a page leaves within {_text(PAGE_WITHIN)} of the request", 0.95,
        (Metric(NAMESPACE, "SlowPage", {"service": "frontend"}),),
        "After a second the thought wanders; the one in twenty is for cold starts when a hall takes out its phones"),
    Slo("api-latency", "Calls are quick", f"a JSON answer leaves within {_text(CALL_WITHIN)} of the request", 0.95,
        (Metric(NAMESPACE, "SlowCall", {"service": "frontend"}),),
        "The wall and the receipts ask every second or so, and the next question should not meet the last answer"),
    Slo("boarding", "Wishes board soon", f"a wish is stored within {_text(STORED_WITHIN)} of being sent", 0.99,
        (Metric(NAMESPACE, "Late", {"service": "worker"}),),
        "That long somebody watches the receipt; two retries of the queue fit in"),
    Slo("freshness", "The wall is fresh", f"a commit is in the read model within {_text(PROJECTED_WITHIN)}", 0.99,
        (Metric(NAMESPACE, "Stale", {"service": "projector"}),),
        "A hall that has sent its wish looks up and waits for it"),
    Slo("zero-loss", "Nothing is lost", "no dead-letter queue holds a message", 1.0,
        tuple(Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": f"${{{queue}.QueueName}}"})
              for queue in _DEAD),
        "A wish answered 202 is stored or lies in a dead-letter queue, late and not lost: what lies there now counts; "
        "a message that nobody was promised counts until it is parked"),
)  # fmt: skip


def budget_left(bad: float, total: float, objective: float) -> float:
    """Return the share of the error budget that is left: 1.0 is all, 0.0 none, less is overspent."""
    if not bad:
        return 1.0
    allowed = total * (1 - objective)
    return 1 - bad / allowed if allowed else 0.0
