"""A finished load as one HTML file, from report.html. It has no text of a wish, and all other text is escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from lastwish.load import charts, report, statistics
from lastwish.load.formatting import format_ms
from lastwish.load.results import FinishedLoad

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


def render(load: FinishedLoad) -> str:
    """Return the HTML of this load."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"ms": format_ms, "number": "{:,}".format, "percent": "{:.0%}".format, "rate": _rate}
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(_variables(load))


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.1f}"


def _variables(load: FinishedLoad) -> dict[str, Any]:
    facts = report.facts(load)
    is_well, sentence, numbers = report.verdict(load)
    series = statistics.time_series(load.options.times(), load.results)
    boarded = report.boarded_ms(load)
    return {
        "load": load,
        "facts": facts,
        "shape": _SHAPES[load.options.shape],
        "is_well": is_well,
        "sentence": sentence,
        "numbers": numbers,
        "older": report.OLDER,
        "differences": list((load.audit or {}).get("differences", []))[:_MOST_DIFFERENCES],
        "bin": f"{series.width:g} s" if series.width != 1 else "second",
        "latency": charts.latency(series, facts["http_ms"]) if facts["http_ms"]["p50"] is not None else None,
        "rates": charts.rates(series),
        "boarded": charts.boarded(boarded, facts["boarded_ms"]) if boarded else None,
        "queues": charts.queues(load.samples, series) if load.samples else None,
        "problems": statistics.problems(load.results),
        "cpu": [(_PARTS.get(part, part), share, load.cpu[part]) for part, share in (facts["cpu"] or {}).items()],
        "refused": sum(facts["refused"].values()),
        "generator": sum((facts["cpu"] or {}).get(part, 0.0) for part in ("sender", "cli")),
    }
