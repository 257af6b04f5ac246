"""Faults of one history: which there are, and how often. Drawn once from the seed, then for each call."""

from dataclasses import dataclass, field
from random import Random

# What can happen to one try of a call. "late": it is carried out after the caller has given up on the answer.
CALL_FAULTS = (
    "crash-before", "crash-after", "throttled", "failed", "unreachable", "lost", "late", "conflict", "partial", "slow",
)  # fmt: skip
# What can happen around the calls.
OTHER_FAULTS = (
    "outage", "unacknowledged", "twice", "replayed", "skew", "cold", "stalled", "killed", "hidden", "redrive", "deploy",
    "foreign", "stale", "distraction", "unreadable",
)  # fmt: skip
_IN_AN_OUTAGE = 0.9  # share of the calls that fail
ALL_FAULTS = (*CALL_FAULTS, *OTHER_FAULTS)


@dataclass
class Faults:
    """``rates``: probability by fault. None happens while ``calm``."""

    random: Random
    rates: dict[str, float]
    calm: bool = False
    outage: str | None = None
    happened: dict[str, int] = field(default_factory=dict)

    @classmethod
    def drawn(cls, random: Random, without: frozenset[str]) -> "Faults":
        """Draw a different mixture for each history: with all faults at once, each hides the others."""
        rates = {}
        for fault in ALL_FAULTS:
            is_on, rate = random.random() < 0.6, 10 ** random.uniform(-2.7, -1.2)
            rates[fault] = rate if is_on and fault not in without else 0.0
        return cls(random, rates)

    def of_call(self, service: str) -> str | None:
        """Return what happens to this try of a call to ``dynamodb`` or ``sqs``."""
        if self.calm:
            return None
        if self.outage == service and self.random.random() < _IN_AN_OUTAGE:
            return self._noted(self.random.choice(("throttled", "failed", "unreachable", "lost")))
        chance = self.random.random()
        for fault in CALL_FAULTS:
            chance -= self.rates[fault]
            if chance < 0:
                return self._noted(fault)
        return None

    def strikes(self, fault: str, times: float = 1.0) -> bool:
        """Return whether this fault happens now."""
        if self.calm or self.random.random() >= self.rates[fault] * times:
            return False
        self._noted(fault)
        return True

    def is_on(self, fault: str) -> bool:
        """Return whether this history has the fault at all."""
        return self.rates[fault] > 0

    def note(self, fault: str) -> None:
        """Count a fault that has happened."""
        self._noted(fault)

    def _noted(self, fault: str) -> str:
        self.happened[fault] = self.happened.get(fault, 0) + 1
        return fault
