"""What is known of a run when it is over. Times are seconds since the run began (the sender's zero), unless said.

The sender writes one JSON line per finished wish, whose fields are those of Result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from lastwish.load.plan import Options


@dataclass(frozen=True, slots=True)
class Result:
    """How one planned wish was answered in the end. One that was never sent (Ctrl-C) has none.

    ``key`` is the Idempotency-Key that it was sent with. ``status`` is that of the last answer, 0 where none came;
    ``error`` is one or two words for that case ("timeout", "connection"). ``first_done`` is when the first try ended;
    ``again_for`` says why each further try was made: the status as text, or such a word. So
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
        """From a parsed line; fields it does not know are left out. Raises TypeError where one is missing."""
        known = {name: value for name, value in line.items() if name in cls.__slots__}
        return cls(**{**known, "status": known.get("status") or 0})


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a wish after its 202: boarded, waitlisted, rejected or unfinished.

    ``ms``: from the intended send to that event's time in the wish's history; None where it has not ended.
    """

    end: str
    ms: float | None = None

    @property
    def is_older(self) -> bool:
        """It ended before it was sent: a wish of an earlier load with the same seed."""
        return self.ms is None and self.end != "unfinished"


@dataclass(frozen=True, slots=True)
class Sample:
    """The queues at one time: messages in each by name ("Inbox", "Pods"), visible and in flight, and the age of its
    oldest in seconds (none where CloudWatch says none)."""

    at: float
    depth: Mapping[str, int]
    oldest: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A finished run, for the report.

    followed  by number, once per wish: no duplicates
    totals    how many of all wishes ended how while it ran ("boarded", "waitlisted", "rejected", from two looks at the
              manifest); without it the report counts the followed ones
    cpu       CPU seconds used while it ran by "sender", "cli", "engine", "agent" and "proxy"; empty on AWS
    audit     facts() of the audit; None where there was none
    command   as somebody can type it again
    target    where to, in words: "local stack at http://…", "stack lastwish-prod"
    failures  what else went wrong, in words: the sender died, nobody could audit
    """

    options: Options
    digest: str
    command: str
    target: str
    started: datetime
    results: Sequence[Result]
    followed: Mapping[int, Followed] = field(default_factory=dict)
    totals: Mapping[str, int] | None = None
    samples: Sequence[Sample] = ()
    cpu: Mapping[str, float] = field(default_factory=dict)
    cores: int | None = None
    audit: Mapping[str, Any] | None = None
    interrupted: bool = False
    failures: Sequence[str] = ()
    local: bool = True
