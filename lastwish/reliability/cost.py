"""What it costs a month to watch one stack: CloudWatch's public prices in us-east-1, before the free tier.

`python -m lastwish.reliability.cost` prints it. Logs and traces cost by traffic and are not in here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lastwish.reliability.alarms import ALARMS
from lastwish.reliability.burn import composites, signals
from lastwish.reliability.metrics import COLD_START, EMITTED

METRIC, ALARM, COMPOSITE, DASHBOARD = 0.30, 0.10, 0.50, 3.00  # dollars a month


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


def main() -> None:
    """Print the table of docs/slo.md."""
    from lastwish.reliability.tables import costs  # which imports this module

    print(costs(), end="")


if __name__ == "__main__":
    main()
