"""Find the runbook of an alarm, and make the tables of docs/failure-modes.md, both from the catalogue."""

from collections.abc import Iterator, Sequence

from observability.failure_catalogue import CATALOGUE
from observability.failure_mode import DETECTION, OCCURRENCE, SEVERITY, FailureMode, Rating

__all__ = ["CATALOGUE", "FailureMode", "Rating", "by_risk", "mode_of", "rows", "runbook_of", "table"]


def by_risk() -> list[FailureMode]:
    """Return the modes, the highest risk first, and of two equal ones first the one that is worse for the audience."""
    return sorted(CATALOGUE, key=lambda mode: (-mode.risk, -mode.severity, mode.name))


def mode_of(alarm: str) -> FailureMode:
    """Return the mode of an alarm, which is named without its stack. Raises KeyError.

    The signals of a burn-rate alarm (``slo-boarding-page-long`` …) have the mode of that alarm.
    """
    for mode in CATALOGUE:
        for name in mode.alarms:
            if alarm == name or (name.startswith("slo-") and alarm.startswith(f"{name}-")):
                return mode
    raise KeyError(alarm)


def runbook_of(alarm: str) -> str:
    """Return the path of an alarm's runbook, from the root of the repository. Raises KeyError."""
    return mode_of(alarm).runbook


def table() -> str:
    """Return the generated part of docs/failure-modes.md, as Markdown."""
    return "\n\n".join(["\n".join(part) for part in (_scales(), _ranking(), _signals(), _causes())]) + "\n"


def _scales() -> Iterator[str]:
    yield "## The scales"
    for heads, scale in (
        (("severity", "what it does to the audience"), SEVERITY),
        (("occurrence", "how often, for a hall of thousands"), OCCURRENCE),
        (("detection", "how late it is noticed"), DETECTION),
    ):
        yield ""
        yield from rows(heads, [(str(step), words) for step, words in scale.items()])


def _ranking() -> Iterator[str]:
    yield "## The modes, by risk"
    yield ""
    lines = [
        (
            _link(mode),
            mode.audience_sees,
            f"{mode.severity} × {mode.occurrence} × {mode.detection}",
            f"**{mode.risk}**",
            f"{mode.after.severity} × {mode.after.occurrence} × {mode.after.detection}",
            f"**{mode.after.risk}**",
        )
        for mode in by_risk()
    ]
    yield from rows(("failure mode", "the audience sees", "before", "risk", "after", "risk"), lines)


def _signals() -> Iterator[str]:
    yield "## Signals"
    yield ""
    lines = [
        (
            _link(mode),
            "<br>".join(map(_code, mode.metrics)),
            _code(mode.log),
            mode.trace,
            _alarms(mode),
            mode.slo or "–",
        )
        for mode in by_risk()
    ]
    yield from rows(("failure mode", "metrics", "log", "trace", "alarm", "burns the budget of"), lines)


def _causes() -> Iterator[str]:
    yield "## Causes, and what the system does by itself"
    yield ""
    lines = [(_link(mode), mode.causes, mode.response, _code(f"lastwish drill {mode.drill}")) for mode in by_risk()]
    yield from rows(("failure mode", "causes", "by itself", "drill"), lines)


def _alarms(mode: FailureMode) -> str:
    return "<br>".join([*map(_code, mode.alarms), *(f"({_code(name)})" for name in mode.related_alarms)])


def _link(mode: FailureMode) -> str:
    return f"[{mode.title}](runbooks/{mode.name}.md)"


def _code(text: str) -> str:
    return f"`{text}`"


def rows(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in lines:
        yield "| " + " | ".join(cell.replace("<script>", _code("<script>")) for cell in row) + " |"
