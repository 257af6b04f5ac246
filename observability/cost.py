"""Monthly cost of watching one stack, at CloudWatch's public prices in us-east-1, before the free tier.

`python -m observability.cost` prints it. Logs and traces cost by traffic and are not included.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lastwish.observe.prices import ALARM, COMPOSITE, DASHBOARD, METRIC, METRIC_READ
from mission.metrics import SERIES, TOTALS
from mission.slos import SLOS
from observability.alarms import ALARMS
from observability.burn import composites, signals
from observability.metrics import COLD_START, EMITTED
from observability.tables import table

_READS = 3600 // 5  # in an hour of mission control on a screen (src/web/assets/mission.js)
_CACHED_READS = 3600 // 30  # of the parts that the function keeps for a while (src/mission/overview.py)


@dataclass(frozen=True, slots=True)
class Item:
    """``price`` and ``total`` in dollars a month."""

    name: str
    count: int
    price: float

    @property
    def total(self) -> float:
        """Return the price of all of them together."""
        return self.count * self.price


def items() -> Iterator[Item]:
    """Yield what CloudWatch charges for, at most: a metric costs only in the hours in which it gets a value."""
    yield Item("custom metrics, by service", sum(len(each.services) for each in (*EMITTED, COLD_START)), METRIC)
    yield Item(
        "custom metrics, by reason or problem", sum(each.series - len(each.services) for each in EMITTED), METRIC
    )
    yield Item("alarms, one symptom each", len(ALARMS), ALARM)
    yield Item("signals of burn rates", len(signals()), ALARM)
    yield Item("burn-rate alarms, composite", len(composites()), COMPOSITE)
    yield Item("dashboard", 1, DASHBOARD)


def mission_control_hour() -> float:
    """Return the dollars that one open page of mission control costs in an hour."""
    budgets = 2 * sum(len(slo.metrics) for slo in SLOS)  # bad events, and all events
    return METRIC_READ * (len(SERIES) * _READS + (len(TOTALS) + budgets) * _CACHED_READS)


def costs() -> str:
    """Return the table of docs/slo.md."""
    rows = [(item.name, f"{item.count:,}", f"${item.price:.2f}", f"${item.total:.2f}") for item in items()]
    total = f"**${sum(item.total for item in items()):.2f}**"
    heads = ("what", "how many", "each", "a month")
    page = f"${mission_control_hour():.2f}"
    return (
        f"{table(heads, [*rows, ('**together**', '', '', total)], numbers=3)}\n"
        f"Besides, each screen that shows mission control reads metrics for {page} an hour.\n"
    )


if __name__ == "__main__":
    print(costs(), end="")
