"""What it costs a month to watch one stack: CloudWatch's public prices in us-east-1, before the free tier.

`python -m observability.cost` prints it. Logs and traces cost by traffic and are not in here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mission.metrics import SERIES, TOTALS
from mission.slos import SLOS
from observability.alarms import ALARMS
from observability.burn import composites, signals
from observability.metrics import COLD_START, EMITTED
from observability.tables import table

METRIC, ALARM, COMPOSITE, DASHBOARD = 0.30, 0.10, 0.50, 3.00  # dollars a month
READ = 0.01 / 1000  # dollars for each metric that is asked for
_LOOKS = 3600 // 5  # an hour of mission control on a screen (src/web/assets/mission.js)
_RARE_LOOKS = 3600 // 30  # of what it keeps for a while (src/mission/overview.py)


@dataclass(frozen=True, slots=True)
class Item:
    """``price`` and ``total`` in dollars a month."""

    what: str
    amount: int
    price: float

    @property
    def total(self) -> float:
        """All of them together."""
        return self.amount * self.price


def items() -> Iterator[Item]:
    """What there is to pay for. A metric costs in the hours in which it gets a value: this is the most."""
    yield Item("custom metrics, by service", sum(len(each.services) for each in (*EMITTED, COLD_START)), METRIC)
    yield Item("and by reason or problem", sum(each.series - len(each.services) for each in EMITTED), METRIC)
    yield Item("alarms, one symptom each", len(ALARMS), ALARM)
    yield Item("signals of burn rates", len(signals()), ALARM)
    yield Item("burn-rate alarms, composite", len(composites()), COMPOSITE)
    yield Item("dashboard", 1, DASHBOARD)


def an_hour_of_mission_control() -> float:
    """Dollars for each open page that somebody looks at, in one hour."""
    budgets = 2 * sum(len(slo.metrics) for slo in SLOS)  # what was bad, and all
    return READ * (len(SERIES) * _LOOKS + (len(TOTALS) + budgets) * _RARE_LOOKS)


def costs() -> str:
    """The table of docs/slo.md."""
    rows = [(item.what, f"{item.amount:,}", f"${item.price:.2f}", f"${item.total:.2f}") for item in items()]
    total = f"**${sum(item.total for item in items()):.2f}**"
    heads = ("what", "how many", "each", "a month")
    page = f"${an_hour_of_mission_control():.2f}"
    return (
        f"{table(heads, [*rows, ('**together**', '', '', total)], numbers=3)}\n"
        f"Beside it, mission control asks CloudWatch for {page} an hour on each screen that shows it.\n"
    )


if __name__ == "__main__":
    print(costs(), end="")
