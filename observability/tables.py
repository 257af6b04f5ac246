"""Generated parts of docs/slo.md, as Markdown: objectives, burn rates, alarms, metrics."""

import re
from collections.abc import Iterable, Iterator, Sequence

from mission.slos import BURNS, ENOUGH, SLOS, WINDOW_DAYS, Burn, Metric, Slo
from observability.alarms import ALARMS, Alarm
from observability.burn import WITH_BUDGET, alarm_name, duration
from observability.failures import runbook_of
from observability.metrics import COLD_START, EMITTED, Emitted

_WINDOW_MINUTES = WINDOW_DAYS * 24 * 60
_LONG = 120  # minutes, from which on an outage is given in hours
_DELAY = 2  # minutes: one until the metric is there, one until the alarm reads it


def slos() -> str:
    """Return the table of the objectives: promise, metric, error budget."""
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
    """Return the table of the burn-rate alarms, with the time from a total failure to the alarm."""
    rows = [
        (
            f"`{alarm_name(slo, burn)}`",
            f"{burn.threshold(slo.objective) * 100:.3g} %",
            f"{duration(burn.long)} and {duration(burn.short)}",
            f"{_minutes_of_outage(slo, burn):.1f} min",
            f"{_budget_spent(burn) * 100:.1f} %",
            f"{_minutes_to_end(slo, burn):.1f} min",
        )
        for burn in BURNS
        for slo in WITH_BUDGET
    ]
    heads = ("alarm", "bad share", "over", "all fails: on after", "budget spent by then", "all works again: off after")
    return table(heads, rows)


def enough() -> str:
    """Return the sentence on quiet hours."""
    return (
        f"The long window must also contain at least {ENOUGH} bad events: at one event a minute that alone takes"
        f" {ENOUGH} minutes. CloudWatch adds about {_DELAY} minutes to everything: one until the metric is there,"
        " one until the alarm reads it.\n"
    )


def alarms() -> str:
    """Return the table of the alarms that are no burn-rate alarms."""
    rows = [
        (f"`{alarm.name}`", alarm.symptom, _rule(alarm), f"[{_file(alarm)}](runbooks/{_file(alarm)})")
        for alarm in sorted(ALARMS, key=lambda alarm: alarm.name)
    ]
    return table(("alarm", "the audience sees", "on when", "runbook"), rows)


def metrics() -> str:
    """Return the table of the metrics that our functions emit."""
    rows = [(f"`{each.name}`", ", ".join(each.services), _by(each), each.meaning) for each in (*EMITTED, COLD_START)]
    return table(("metric", "service", "also by", "meaning"), rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """Return a Markdown table. The last ``numbers`` columns are aligned to the right."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (heads, *_rulers(len(heads), numbers), *rows))


def _allowance(slo: Slo) -> str:
    if slo.objective == 1:
        return "none: the first one raises an alarm"
    budget = 1 - slo.objective
    outage = _WINDOW_MINUTES * budget
    lasting = f"{outage:.0f} minutes" if outage < _LONG else f"{outage / 60:.0f} hours"
    return f"1 in {1 / budget:.0f}, or {lasting} of nothing but failure"


def _measured(*metrics: Metric) -> str:
    """Return one metric of one or several resources: ``AWS/SQS … of InboxDlq, PodsDlq``. NAME is the stack's name."""
    namespace = metrics[0].namespace.replace("${AWS::StackName}", "NAME")
    return f"`{namespace} {metrics[0].name}` of {', '.join(map(_owner, metrics))}"


def _owner(metric: Metric) -> str:
    """Return what a metric is about, by logical id: physical names differ from stack to stack."""
    values = [re.sub(r"\$\{(\w+)[^}]*\}", r"\1", value) for value in metric.dimensions.values()]
    return " ".join(value for value in values if value not in ("AWS", "Stage"))


def _minutes_of_outage(slo: Slo, burn: Burn) -> float:
    """Return how long everything must fail, after a long time of steady traffic, until both windows breach."""
    return burn.threshold(slo.objective) * burn.long / 60


def _budget_spent(burn: Burn) -> float:
    """Return the share of the budget that is spent by then. It does not depend on the objective."""
    return burn.rate * burn.long / 60 / _WINDOW_MINUTES


def _minutes_to_end(slo: Slo, burn: Burn) -> float:
    """Return how long all must work until a short window in which everything failed is below its threshold."""
    return (1 - burn.threshold(slo.objective)) * burn.short / 60


def _rule(alarm: Alarm) -> str:
    often = f", {alarm.periods} times in a row" if alarm.periods > 1 else ""
    rule = f"{_measured(alarm.metric)} ≥ {alarm.threshold:g} in {duration(alarm.period)}{often}"
    return rule + (" (on AWS only)" if alarm.on_aws else "")


def _file(alarm: Alarm) -> str:
    return runbook_of(alarm.name).rpartition("/")[2]


def _by(metric: Emitted) -> str:
    return f"`{metric.by}`" if metric.by else ""


def _rulers(columns: int, numbers: int) -> Iterator[Sequence[str]]:
    yield ["---"] * (columns - numbers) + ["---:"] * numbers
