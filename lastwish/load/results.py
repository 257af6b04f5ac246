"""Results of a load. Times are seconds since the load began (the sender's zero), unless said.

The sender writes one JSON line per finished wish, whose fields are those of WishResult.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from lastwish.load.plan import PlanOptions


@dataclass(frozen=True, slots=True)
class WishResult:
    """Final answer to one planned wish. A wish that was never sent (Ctrl-C) has none.

    ``n`` is its number in the plan, ``key`` its Idempotency-Key. ``status`` is that of the last answer, 0 where none
    came; ``error`` is one or two words for that case ("timeout", "connection"). ``first_done`` is when the first try
    ended; ``again_for`` is the reason of each further try: the status as text, or such a word. So
    ``len(again_for) == tries - 1``.
    """

    n: int
    kind: str
    at: float
    sent: float
    done: float
    status: int
    tries: int = 1
    wish_id: str | None = None
    error: str | None = None
    first_done: float | None = None
    again_for: Sequence[str] = ()
    key: str = ""

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> Self:
        """Return the result of a parsed line, without unknown fields. Raises TypeError where one is missing."""
        known = {name: value for name, value in line.items() if name in cls.__slots__}
        return cls(**{**known, "status": known.get("status") or 0})


@dataclass(frozen=True, slots=True)
class Outcome:
    """End of a wish after its 202: boarded, waitlisted, rejected or unfinished.

    ``ms``: from the intended send to that event's time in the wish's history; None where it has not ended.
    """

    end: str
    ms: float | None = None

    @property
    def is_older(self) -> bool:
        """True where it ended before it was sent: a wish of an earlier load with the same seed."""
        return self.ms is None and self.end != "unfinished"


@dataclass(frozen=True, slots=True)
class QueueSample:
    """State of the queues at one time, by name ("Inbox", "Pods"): number of messages, visible and in flight, and age of
    the oldest in seconds (none where CloudWatch has none)."""

    at: float
    depth: Mapping[str, int]
    oldest: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class FinishedLoad:
    """A finished load, for the report.

    outcomes  by number, once per wish: no duplicates
    totals    how many of all wishes in the stack ended how while it ran ("boarded", "waitlisted", "rejected", from two
              readings of the manifest); without it the report counts the outcomes
    cpu       CPU seconds used while it ran by "sender", "cli", "engine", "agent" and "proxy"; empty on AWS
    audit     facts() of the audit; None where there was none
    command   as somebody can type it again
    target    in words: "local stack at http://…", "stack lastwish-prod"
    failures  what else went wrong, in words: the sender died, the audit was impossible
    """

    options: PlanOptions
    digest: str
    command: str
    target: str
    started: datetime
    results: Sequence[WishResult]
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    totals: Mapping[str, int] | None = None
    samples: Sequence[QueueSample] = ()
    cpu: Mapping[str, float] = field(default_factory=dict)
    cores: int | None = None
    audit: Mapping[str, Any] | None = None
    interrupted: bool = False
    failures: Sequence[str] = ()
    local: bool = True
