"""The generated parts of docs/slo.md, as Markdown: promises, how their alarms work, what is watched."""

import re
from collections.abc import Iterable, Iterator, Sequence

from mission.slos import BURNS, ENOUGH, SLOS, WINDOW_DAYS, Burn, Metric, Slo
from observability.alarms import ALARMS, Alarm
from observability.burn import WITH_BUDGET, minutes, name_of
from observability.failures import runbook_of
from observability.metrics import COLD_START, EMITTED, Emitted

_WINDOW_MINUTES = WINDOW_DAYS * 24 * 60
_LONG = 120  # minutes: from there on it is hours
_DELAY = 2  # minutes: until a metric is there, and until the alarm looks at it again


def slos() -> str:
    """What is promised, how it is measured, and how much may go wrong in a window."""
    return table(
        ("objective", "promise", "share", "measured by", f"budget of {WINDOW_DAYS} days", "why this much"),
        [
            (
                f"**{slo.title}**<br>`{slo.name}`",
                slo.promise,
                f"{slo.objective * 100:g} %",
                _measured(*slo.metrics),
                _allowance(slo),
                slo.why,
            )
            for slo in SLOS
        ],
    )


def burns() -> str:
    """For each objective and pace: what sets the alarm off, and when that is if nothing works any more."""
    rows = [
        (
            f"`{name_of(slo, burn)}`",
            f"{burn.threshold(slo.objective) * 100:.3g} %",
            f"{minutes(burn.long)} and {minutes(burn.short)}",
            f"{_minutes_of_outage(slo, burn):.1f} min",
            f"{_budget_gone(burn) * 100:.1f} %",
            f"{_minutes_to_end(slo, burn):.1f} min",
        )
        for burn in BURNS
        for slo in WITH_BUDGET
    ]
    heads = ("alarm", "bad share", "over", "all fails: on after", "budget gone by then", "all works again: off after")
    return table(heads, rows)


def enough() -> str:
    """The sentence on quiet hours."""
    return (
        f"And at least {ENOUGH} events of the long window must have been bad: with one event a minute that alone takes"
        f" {ENOUGH} minutes. CloudWatch adds about {_DELAY} minutes to everything: one until the metric is there,"
        " one until the alarm looks.\n"
    )


def alarms() -> str:
    """What each alarm watches that is no burn rate."""
    rows = [
        (f"`{each.name}`", each.tells, _rule(each), f"[{_file(each)}](runbooks/{_file(each)})")
        for each in sorted(ALARMS, key=lambda each: each.name)
    ]
    return table(("alarm", "the audience sees", "on when", "runbook"), rows)


def metrics() -> str:
    """What our functions emit."""
    rows = [(f"`{each.name}`", ", ".join(each.services), _by(each), each.says) for each in (*EMITTED, COLD_START)]
    return table(("metric", "service", "also by", "what it says"), rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """A table. Of these columns the last ``numbers`` are numbers and stand to the right."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (heads, *_ruled(len(heads), numbers), *rows))


def _allowance(slo: Slo) -> str:
    if slo.objective == 1:
        return "none: the first one is an alarm"
    budget = 1 - slo.objective
    outage = _WINDOW_MINUTES * budget
    lasting = f"{outage:.0f} minutes" if outage < _LONG else f"{outage / 60:.0f} hours"
    return f"1 in {1 / budget:.0f}, or {lasting} of nothing but failure"


def _measured(*metrics: Metric) -> str:
    """One metric of one or several things: ``AWS/SQS … of InboxDlq, PodsDlq``."""
    return f"`{metrics[0].namespace} {metrics[0].name}` of {', '.join(map(_whose, metrics))}"


def _whose(metric: Metric) -> str:
    """By logical id, since physical names are the stack's."""
    values = [re.sub(r"\$\{(\w+)[^}]*\}", r"\1", value) for value in metric.dimensions.values()]
    return " ".join(value for value in values if value not in ("AWS", "Stage"))


def _minutes_of_outage(slo: Slo, burn: Burn) -> float:
    """How long everything has to fail, after a good while of steady traffic, until both windows are over the mark."""
    return burn.threshold(slo.objective) * burn.long / 60


def _budget_gone(burn: Burn) -> float:
    """What is spent by then, as a share. It does not depend on the objective."""
    return burn.rate * burn.long / 60 / _WINDOW_MINUTES


def _minutes_to_end(slo: Slo, burn: Burn) -> float:
    """How long nothing may fail until the short window is below the mark, if all that is in it had failed."""
    return (1 - burn.threshold(slo.objective)) * burn.short / 60


def _rule(alarm: Alarm) -> str:
    often = f", {alarm.periods} times in a row" if alarm.periods > 1 else ""
    rule = f"{_measured(alarm.metric)} ≥ {alarm.threshold:g} in {minutes(alarm.period)}{often}"
    return rule + (" (on AWS only)" if alarm.on_aws else "")


def _file(alarm: Alarm) -> str:
    return runbook_of(alarm.name).rpartition("/")[2]


def _by(metric: Emitted) -> str:
    return f"`{metric.by}`" if metric.by else ""


def _ruled(columns: int, numbers: int) -> Iterator[Sequence[str]]:
    yield ["---"] * (columns - numbers) + ["---:"] * numbers
