"""The report as one HTML file, from report.html. No wish's text comes near it, and all that does is escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from lastwish.load import charts, figures, report, words
from lastwish.load.run import Run

_TEMPLATE = Path(__file__).with_name("report.html")
_MOST_DIFFERENCES = 10
_PARTS = {
    "sender": "generator, sender",
    "cli": "generator, display",
    "engine": "local AWS",
    "proxy": "local proxy",
    "agent": "local X-Ray, metrics",
}
_SHAPES = {
    "steady": "at an even pace",
    "ramp": "from nothing to twice the mean",
    "spike": "80 % of them in the first tenth",
    "wave": "three times up and down",
}


def render(run: Run) -> str:
    """The page of this run."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"took": words.took, "number": "{:,}".format, "percent": "{:.0%}".format, "rate": _rate}
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(_values(run))


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.1f}"


def _values(run: Run) -> dict[str, Any]:
    options, facts = run.options, report.facts(run)
    well, sentence, numbers = report.verdict(run)
    times = figures.over_time(options.times(), run.results)
    ended = report.boarded_ms(run)
    return {
        "run": run,
        "facts": facts,
        "manner": _SHAPES[options.shape],
        "well": well,
        "sentence": sentence,
        "numbers": numbers,
        "older": report.OLDER,
        "differences": list((run.audit or {}).get("differences", []))[:_MOST_DIFFERENCES],
        "bin": f"{times.width:g} s" if times.width != 1 else "second",
        "latency": charts.latency(times, facts["http_ms"]) if facts["http_ms"]["p50"] is not None else None,
        "rates": charts.rates(times),
        "boarded": charts.boarded(ended, facts["boarded_ms"]) if ended else None,
        "queues": charts.queues(run.samples, times) if run.samples else None,
        "troubles": figures.troubles(run.results),
        "cpu": [(_PARTS.get(part, part), share, run.cpu[part]) for part, share in (facts["cpu"] or {}).items()],
        "refused": sum(facts["refused"].values()),
        "generator": sum((facts["cpu"] or {}).get(part, 0.0) for part in ("sender", "cli")),
    }
