"""What came of a drill: what was seen, when, and in words what was missing."""

from dataclasses import asdict, dataclass, field

from lastwish.drills.drill import Drill
from lastwish.maintenance.audit import Report

_LOST = frozenset({"missing", "uncertain", "in-flight"})  # differences: promised, and not stored at the end


@dataclass
class Seen:
    """Notes of one run. Times are in seconds: of a symptom or alarm since the fault began, ``recovered_s`` since it
    was undone; None: it did not happen. ``rung`` are all alarms that rang, ``audit`` is the last one.
    """

    symptom_s: float | None = None
    unseen: tuple[str, ...] = ()
    rung: dict[str, float] = field(default_factory=dict)
    recovered_s: float | None = None
    audit: Report | None = None


@dataclass(frozen=True)
class Result:
    """``alarm`` is the one that rang as it should; ``others`` rang and should not have; ``lost`` counts wishes.

    ``related`` alarms rang too, as the catalogue allows. ``missing`` says what went wrong, a line for each.
    """

    name: str
    ok: bool
    alarm: str | None
    alarm_s: float | None
    others: list[str]
    related: list[str]
    symptom_s: float | None
    recovered_s: float | None
    lost: int
    missing: list[str]

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it in lines for a person."""
        if not self.ok:
            return [f"{self.name}: FAILED", *(f"  {each}" for each in self.missing)]
        rang = f"{self.alarm} after {_seconds(self.alarm_s)}" if self.alarm else "none, as it should be"
        return [
            f"{self.name}: passed. Symptom after {_seconds(self.symptom_s)}, alarm: {rang}; recovered "
            f"{_seconds(self.recovered_s)} after the end of the fault, and nothing was lost"
        ]


def failed(drill: Drill, why: str) -> Result:
    """Return the result of a drill that did not come to its end."""
    return Result(drill.name, False, None, None, [], [], None, None, 0, [why])


def judge(drill: Drill, seen: Seen) -> Result:
    """Return the result of a run."""
    others = sorted(seen.rung.keys() - drill.allowed)
    lost = [each for each in seen.audit.differences if each.kind in _LOST] if seen.audit else []
    missing = [
        *(f"its symptom did not show: {each}" for each in seen.unseen),
        *([f"the alarm {drill.alarm} did not ring"] if drill.alarm and drill.alarm not in seen.rung else []),
        *(f"the alarm {each} rang after {_seconds(seen.rung[each])}, which is not its fault" for each in others),
        *(
            []
            if seen.recovered_s is not None
            else ["it did not recover: a new wish did not board, or wishes still wait"]
        ),
        *_audited(seen.audit),
    ]
    rang = drill.alarm if drill.alarm in seen.rung else None
    return Result(
        name=drill.name,
        ok=not missing,
        alarm=rang,
        alarm_s=seen.rung[rang] if rang else None,
        others=others,
        related=sorted((seen.rung.keys() & drill.allowed) - {rang}),
        symptom_s=seen.symptom_s,
        recovered_s=seen.recovered_s,
        lost=len(lost),
        missing=missing,
    )


def _audited(report: Report | None) -> list[str]:
    if report is None:
        return ["there was no audit"]
    return [f"the audit: {each.kind} {each.wish_id or ''}: {each.detail}" for each in report.differences]


def _seconds(seconds: float | None) -> str:
    return "no time" if seconds is None else f"{seconds:.0f} s"
