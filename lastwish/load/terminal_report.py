"""A finished load as a table for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from lastwish.load import report
from lastwish.load.formatting import format_ms, plural
from lastwish.load.results import FinishedLoad

_STYLES = {True: "bold green", False: "bold red", None: ""}
_LATENCIES = (
    ("answered", "http_ms", ""),
    ("boarded", "boarded_ms", ""),
    ("sent late", "late_ms", ": waiting for a free connection"),
    ("closed loop", "first_ms", ": the first try alone"),
)

type _Rows = Iterator[tuple[str, str, bool]]  # name, text, whether that is wrong


def results_table(load: FinishedLoad) -> Table:
    """Return the numbers of a load, for a terminal of any width."""
    facts = report.facts(load)
    is_well, sentence, numbers = report.verdict(load)
    grid = name_value_grid()
    for name, text, is_wrong in (*_sent(load, facts), *_ended(facts), *_measured(facts)):
        grid.add_row(name, Text(text, style=_STYLES[False] if is_wrong else ""))
    grid.add_row("audit", Text(f"{sentence}: {numbers}", style=_STYLES[is_well]))
    return grid


def name_value_grid(name_width: int = 0) -> Table:
    """Return an empty table of two columns, a name and a text that may wrap."""
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(style="dim", no_wrap=True, min_width=name_width)
    grid.add_column(overflow="fold")
    return grid


def _sent(load: FinishedLoad, facts: Mapping[str, Any]) -> _Rows:
    options = load.options
    yield "load", f"{options.wishes:,} wishes in {options.over:g} s, {options.shape}, seed {options.seed}", False
    yield "digest", load.digest[:16], False
    is_complete = facts["sent"] == options.wishes
    stopped = ", and then it was interrupted" if is_complete else " of them until it was stopped"
    yield "sent", f"{facts['sent']:,}{stopped if load.interrupted else ''}", False
    for failure in load.failures:
        yield "failed", failure, True


def _ended(facts: Mapping[str, Any]) -> _Rows:
    yield "accepted", f"{facts['accepted']:,}, and {plural(facts['duplicates'], 'duplicate')} recognised", False
    for name in ("refused", "unexpected"):
        if facts[name]:
            yield name, _list_counts(facts[name]), name == "unexpected"
    yield "given up", f"{facts['given_up']:,}", bool(facts["given_up"])
    yield "retried", f"{facts['retried']:,}; {facts['tries']:,} tries in all", False
    where = "" if facts["ended_of"] == "this load" else f" of {facts['ended_of']}"
    yield "ended", ", ".join(f"{facts[end]:,} {end}" for end in report.ENDS) + where, False
    if facts["unfinished"]:
        yield "unfinished", f"{facts['unfinished']:,} of {facts['followed']:,} followed were not seen to end", False
    if facts["older"]:
        yield "older", f"{plural(facts['older'], 'wish', 'es')} of an earlier load: {report.OLDER}", True


def _measured(facts: Mapping[str, Any]) -> _Rows:
    busiest = facts["busiest"]
    peak = f"{busiest['answered']:,.0f}/s in the busiest five seconds, where {busiest['planned']:,.0f}/s were planned"
    yield "rate", f"{facts['rate']:,.1f}/s answered; {peak}", False
    for name, key, note in _LATENCIES:
        yield name, "   ".join(f"{percent} {format_ms(ms)}" for percent, ms in facts[key].items()) + note, False
    if facts["sent"]:
        yield "p99", "of each tenth of the time: " + ", ".join(map(format_ms, facts["p99_by_tenth_ms"])), False
    if facts["deepest"]:
        yield "queues", "at most " + _list_counts(facts["deepest"]), False
    if facts["cpu"]:
        shares = ", ".join(f"{part} {share:.0%}" for part, share in facts["cpu"].items())
        yield "CPU", f"share of the time that all used: {shares}", False


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in counts.items())
