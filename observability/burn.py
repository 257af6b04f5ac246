"""Burn-rate alarms: for each objective, how fast the error budget goes. A page for hours of budget, a ticket for days.

Each is the conjunction of three signals. The long window says that it matters, the short one that it still goes on, so
that the alarm ends soon after the fault; and a handful of bad events is required, so that one of two at night is none.
The method is chapter 5 of the SRE workbook (https://sre.google/workbook/alerting-on-slos/).
"""

from mission.slos import BURNS, ENOUGH, SLOS, Burn, Slo
from observability.alarms import Alarm, Composite

# Zero loss has no budget to burn: the first dead letter is an alarm (alarms.py).
WITH_BUDGET = tuple(slo for slo in SLOS if slo.objective < 1)


def name_of(slo: Slo, burn: Burn) -> str:
    """The alarm that notifies; its signals have a word more."""
    return f"slo-{slo.name}-{burn.name}"


def signals() -> list[Alarm]:
    """The parts of all burn-rate alarms. They notify nobody."""
    return [part for slo in WITH_BUDGET for burn in BURNS for part in _parts(slo, burn)]


def composites() -> list[Composite]:
    """The burn-rate alarms themselves."""
    return [
        Composite(
            name_of(slo, burn),
            tuple(part.name for part in _parts(slo, burn)),
            f"{slo.title}: not often enough. The error budget goes {burn.rate:g} times too fast.",
        )
        for slo in WITH_BUDGET
        for burn in BURNS
    ]


def _parts(slo: Slo, burn: Burn) -> list[Alarm]:
    (metric,) = slo.metrics
    name, share = name_of(slo, burn), burn.threshold(slo.objective)

    def part(word: str, threshold: float, period: int, says: str, *, of_all: bool = True) -> Alarm:
        return Alarm(
            f"{name}-{word}",
            metric,
            threshold,
            f"Part of {name}: {says}.",
            statistic="Average" if of_all else "Sum",
            period=period,
            notifies=False,
        )

    return [
        part("long", share, burn.long, f"{share:.2%} or more were bad within {minutes(burn.long)}"),
        part("short", share, burn.short, f"and within {minutes(burn.short)}"),
        part("enough", ENOUGH, burn.long, f"{ENOUGH} or more were bad within {minutes(burn.long)}", of_all=False),
    ]


def minutes(seconds: int) -> str:
    """Seconds as people say them."""
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"
