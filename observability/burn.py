"""Burn-rate alarms. Each objective has two: a page if its budget would last two days, a ticket if it would last five.

Each alarm is on when three signals are. The long window shows that the fault matters. The short window shows that it
goes on, so that the alarm ends soon after it. The third signal asks for a few bad events: one of two is no trend. The
method is chapter 5 of the SRE workbook (https://sre.google/workbook/alerting-on-slos/).
"""

from mission.slos import BURNS, ENOUGH, SLOS, Burn, Slo
from observability.alarms import Alarm, Composite

# Zero loss has no budget: the first dead letter is an alarm (alarms.py).
WITH_BUDGET = tuple(slo for slo in SLOS if slo.objective < 1)


def alarm_name(slo: Slo, burn: Burn) -> str:
    """Return the name of the alarm that notifies. Its signals' names have one more word."""
    return f"slo-{slo.name}-{burn.name}"


def signals() -> list[Alarm]:
    """Return the parts of all burn-rate alarms. They notify nobody."""
    return [part for slo in WITH_BUDGET for burn in BURNS for part in _parts(slo, burn)]


def composites() -> list[Composite]:
    """Return the burn-rate alarms themselves."""
    return [
        Composite(
            alarm_name(slo, burn),
            tuple(part.name for part in _parts(slo, burn)),
            f"{slo.title}: not often enough. The error budget is spent {burn.rate:g} times too fast.",
        )
        for slo in WITH_BUDGET
        for burn in BURNS
    ]


def _parts(slo: Slo, burn: Burn) -> list[Alarm]:
    (metric,) = slo.metrics
    name, share = alarm_name(slo, burn), burn.threshold(slo.objective)

    def part(word: str, threshold: float, period: int, rule: str, *, of_all: bool = True) -> Alarm:
        return Alarm(
            f"{name}-{word}",
            metric,
            threshold,
            f"Part of {name}: {rule}.",
            statistic="Average" if of_all else "Sum",
            period=period,
            notifies=False,
        )

    return [
        part("long", share, burn.long, f"{share:.2%} or more were bad within {duration(burn.long)}"),
        part("short", share, burn.short, f"and within {duration(burn.short)}"),
        part("enough", ENOUGH, burn.long, f"{ENOUGH} or more were bad within {duration(burn.long)}", of_all=False),
    ]


def duration(seconds: int) -> str:
    """Return seconds as people write them: ``1 h`` or ``5 min``."""
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"
