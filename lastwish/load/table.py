"""A finished run as a table for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from lastwish.load import report
from lastwish.load.run import Run
from lastwish.load.words import count, took

_STYLES = {True: "bold green", False: "bold red", None: ""}
_LATENCIES = (
    ("answered", "http_ms", ""),
    ("boarded", "boarded_ms", ""),
    ("sent late", "late_ms", ": waiting for a free connection"),
    ("closed loop", "first_ms", ": the first try alone"),
)


def table(run: Run) -> Table:
    """The numbers of a run, for a terminal of any width."""
    found = report.facts(run)
    well, sentence, numbers = report.verdict(run)
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, words, is_wrong in (*_what_was_sent(run, found), *_what_came_of_it(found), *_what_it_took(found)):
        grid.add_row(name, Text(words, style=_STYLES[False] if is_wrong else ""))
    grid.add_row("audit", Text(f"{sentence}: {numbers}", style=_STYLES[well]))
    return grid


type _Rows = Iterator[tuple[str, str, bool]]  # name, words, whether that is wrong


def _what_was_sent(run: Run, found: Mapping[str, Any]) -> _Rows:
    options = run.options
    yield "load", f"{options.wishes:,} wishes in {options.over:g} s, {options.shape}, seed {options.seed}", False
    yield "digest", run.digest[:16], False
    all_sent = found["sent"] == options.wishes
    cut = " of them until it was stopped" if not all_sent else ", and then it was interrupted"
    yield "sent", f"{found['sent']:,}{cut if run.interrupted else ''}", False
    for failure in run.failures:
        yield "failed", failure, True


def _what_came_of_it(found: Mapping[str, Any]) -> _Rows:
    yield "accepted", f"{found['accepted']:,}, and {count(found['duplicates'], 'duplicate')} recognised", False
    for name in ("refused", "unexpected"):
        if found[name]:
            yield name, _listed(found[name]), name == "unexpected"
    yield "given up", f"{found['given_up']:,}", bool(found["given_up"])
    yield "retried", f"{found['retried']:,}; {found['tries']:,} tries in all", False
    where = "" if found["ended_of"] == "this load" else f" of {found['ended_of']}"
    yield "ended", ", ".join(f"{found[end]:,} {end}" for end in report.ENDS) + where, False
    if found["unfinished"]:
        yield "unfinished", f"{found['unfinished']:,} of {found['followed']:,} followed were not seen to end", False
    if found["older"]:
        yield "older", f"{count(found['older'], 'wish', 'es')} of an earlier load: {report.OLDER}", True


def _what_it_took(found: Mapping[str, Any]) -> _Rows:
    busiest = found["busiest"]
    peak = f"{busiest['answered']:,.0f}/s in the busiest five seconds, where {busiest['planned']:,.0f}/s were planned"
    yield "rate", f"{found['rate']:,.1f}/s answered; {peak}", False
    for name, row, words in _LATENCIES:
        yield name, "   ".join(f"{percent} {took(value)}" for percent, value in found[row].items()) + words, False
    if found["sent"]:
        yield "p99", "of each tenth of the time: " + ", ".join(map(took, found["p99_by_tenth_ms"])), False
    if found["deepest"]:
        yield "queues", "at most " + _listed(found["deepest"]), False
    if found["cpu"]:
        yield (
            "CPU",
            "of what all took: " + ", ".join(f"{part} {share:.0%}" for part, share in found["cpu"].items()),
            False,
        )


def _listed(these: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {number:,}" for name, number in these.items())
