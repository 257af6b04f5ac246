"""What it costs a month to watch one stack: CloudWatch's public prices in us-east-1, before the free tier.

`python -m lastwish.reliability.cost` prints it. Logs and traces cost by traffic and are not in here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lastwish.reliability.alarms import ALARMS
from lastwish.reliability.burn import composites, signals
from lastwish.reliability.metrics import COLD_START, EMITTED
from mission.measures import SERIES, TOTALS
from mission.slos import SLOS

METRIC, ALARM, COMPOSITE, DASHBOARD = 0.30, 0.10, 0.50, 3.00  # dollars a month
READ = 0.01 / 1000  # dollars for each metric that is asked for
_LOOKS = 3600 // 5  # an hour of mission control on a screen (src/web/assets/mission.js)
_RARE_LOOKS = 3600 // 30  # of what it keeps for a while (src/mission/mission.py)


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


def main() -> None:
    """Print the table of docs/slo.md."""
    from lastwish.reliability.tables import costs  # which imports this module

    print(costs(), end="")


if __name__ == "__main__":
    main()
