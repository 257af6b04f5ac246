"""Make the table of docs/drills.md from the catalogue of drills."""

from collections.abc import Iterator

from lastwish.drills.catalogue import DRILLS
from lastwish.drills.drill import Drill
from lastwish.local.faults import Fault
from observability.failures import rows


def table() -> str:
    """Return it, as Markdown."""
    heads = ("drill", "what is done", "symptoms, all of them", "alarm")
    lines = [(_name(each), "<br>".join(_done(each)), "<br>".join(_symptoms(each)), _alarm(each)) for each in DRILLS]
    return "\n".join(rows(heads, lines)) + "\n"


def _name(drill: Drill) -> str:
    return f"[`{drill.name}`](runbooks/{drill.name}.md)"


def _done(drill: Drill) -> Iterator[str]:
    for fault in drill.faults:
        yield _words(fault)
    if drill.about:
        yield drill.about


def _words(fault: Fault) -> str:
    what = {
        "crash": "crashes",
        "throttle_function": "throttled",
        "skew_clock": "its clock is ahead",
        "refuse": f"refused ({fault.error.replace('_', ' ')})",
        "slow": "slower",
        "delay": "slower",
    }
    done = what.get(fault.kind, fault.kind.replace("_", " "))
    late = f" by {fault.delay_ms / 1000:g} s" if fault.delay_ms else ""
    share = "" if fault.rate == 1 else f", {fault.rate:.0%} of them"
    if fault.service == "*":
        return f"{fault.caller}: {done}{late}{share}"
    calls = " ".join(each for each in (fault.service, fault.operation, fault.resource) if each not in ("*", ""))
    return f"{fault.caller}'s calls of {calls}: {done}{late}{share}"


def _symptoms(drill: Drill) -> Iterator[str]:
    for symptom in drill.symptoms:
        yield symptom.words


def _alarm(drill: Drill) -> str:
    return f"`{drill.alarm}`" if drill.alarm else f"none: {drill.why_no_alarm}"
