"""What can be seen of a fault, in words and as a test of what a `Sight` sees."""

from lastwish.drills.drill import Symptom
from lastwish.drills.sight import Sight
from mission.slos import Metric
from observability.metrics import custom


def counted(metric: Metric, least: float = 1) -> Symptom:
    """A metric has counted at least so much."""
    *_, who = metric.dimensions.values()

    def seen(sight: Sight) -> bool:
        return sight.total(metric) >= least

    return Symptom(f"the metric {metric.name} of {who.strip('${}')} is {least:g} or more", seen)


def logged(text: str) -> Symptom:
    """Some function has logged a line with this text."""

    def seen(sight: Sight) -> bool:
        return sight.logged(text)

    return Symptom(f"a log line says {text!r}", seen)


def waits(queue: str, least: int = 3) -> Symptom:
    """So many messages wait in a queue."""

    def seen(sight: Sight) -> bool:
        return sight.waiting(queue) >= least

    return Symptom(f"{least} or more messages wait in {queue}", seen)


def answered(*statuses: int) -> Symptom:
    """Somebody got an answer with one of these statuses; 0: none."""

    def seen(sight: Sight) -> bool:
        return any(sight.crowd.answers[status] for status in statuses)

    words = " or ".join(str(status) if status else "nothing" for status in statuses)
    return Symptom(f"somebody is answered {words}", seen)


def receipt(status: str) -> Symptom:
    """Receipt of one of the latest wishes says this status."""

    def seen(sight: Sight) -> bool:
        return status in sight.receipts()

    return Symptom(f"a receipt says {status!r}", seen)


def wall_stands_still() -> Symptom:
    """Wishes are stored, and the read model does not take them."""

    def seen(sight: Sight) -> bool:
        return sight.total(custom("Recorded", "worker")) - sight.total(custom("Projected", "projector")) >= 3

    return Symptom("wishes board, and the wall's counters stand still", seen)
