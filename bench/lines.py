"""What `make bench` prints at its end: one table, each line a ratio of two things of the same run, or a count.

A part of results.json that this machine could not measure has no lines.
"""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from bench.pages import BARE
from bench.startup import BARE as BARE_START
from bench.startup import BARE_SENDS, POSTED
from bench.throughput import CHAIN, PASS_THROUGH
from bench.warm import ALL as ALL_WARM

TITLE = "What our code costs (ratios of one machine in one run, and counts; not AWS)"
HEADS = ("measured", "ours", "beside", "ratio or count", "goal", "")
_SIGNS = {"≤": operator.le, "≥": operator.ge}


@dataclass(frozen=True, slots=True)
class Line:
    """``ours`` and what stands ``beside`` it, with their units. A goal is about ``value``: a ratio, or a count."""

    name: str
    ours: str
    beside: str
    value: float
    goal: str = ""  # "≤ 5", "≥ 0.8"

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        sign, _, bound = self.goal.partition(" ")
        return _SIGNS[sign](self.value, float(bound)) if self.goal else None

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the line as texts, under HEADS."""
        said = {True: "met", False: "not met", None: ""}[self.is_met]
        return self.name, self.ours, self.beside, f"{self.value:g}", self.goal, said


def lines(results: dict[str, Any]) -> list[Line]:
    """Return all lines of results.json."""
    return [line for name, of in SECTIONS.items() if name in results for line in of(results[name])]


def as_table(results: dict[str, Any]) -> Table:
    """Return all lines as a table."""
    table = Table(title=TITLE)
    for head in HEADS:
        table.add_column(head, justify="right" if head.startswith(("ours", "ratio")) else "left")
    for line in lines(results):
        table.add_row(*line.cells)
    return table


def _throughput(results: dict[str, Any]) -> Iterator[Line]:
    kinds = {
        "": results,
        ", with the agent": results["with_agent"],
        ", without traces": results["without_traces"],
    }
    for words, of in kinds.items():
        rate, cpu = of["wishes_per_second"], of["cpu_ms"]
        ours, bare = f"{rate[CHAIN]:.0f}/s", f"{rate[PASS_THROUGH]:.0f}/s passed on"
        yield Line(f"wishes stored per second{words}", ours, bare, of["ratio"], "" if words else "≥ 0.8")
        ours, bare = f"{cpu[CHAIN]:.1f} ms", f"{cpu[PASS_THROUGH]:.1f} ms passed on"
        yield Line(f"CPU of a wish, all processes{words}", ours, bare, of["cpu_ratio"])


def _door(results: dict[str, float]) -> Iterator[Line]:
    engine = f"{results['without_us']:.0f} µs without"
    ratio = round(results["with_us"] / results["without_us"], 2)
    yield Line("CPU of an engine's call behind the door", f"{results['with_us']:.0f} µs", engine, ratio)


def _starts(results: dict[str, Any]) -> Iterator[Line]:
    kind, measured = ("instructions", "mega_instructions") if results["mega_instructions"] else ("cpu", "median_ms")
    unit = "million" if kind == "instructions" else "ms"
    for name, ratios in results["ratios"].items():
        if name == BARE_START:
            continue
        ours, bare = (f"{results[measured][each]:.0f} {unit}" for each in (name, BARE_START))
        goal = {BARE_SENDS: "", POSTED: "≤ 1.6"}.get(name, "≤ 1.5")
        yield Line(f"{kind} of a start, {name}", ours, f"{bare} bare", round(ratios[kind], 2), goal)


def _warm(results: dict[str, Any]) -> Iterator[Line]:
    for beside, ratios in results["cpu_ratio"].items():
        for name, ratio in ratios.items():
            ours, other = (f"{results['per_wish'][name][side]['cpu_us']:.0f} µs" for side in ("ours", beside))
            goal = "≤ 0.5" if beside == "before" and name == ALL_WARM else ""
            yield Line(f"CPU of a wish, warm, {name}", ours, f"{other} {beside}", ratio, goal)
    for name, goal in (("log bytes", "≤ 900"), ("datagrams", "")):
        of = {side: costs[name.replace(" ", "_")] for side, costs in results["per_wish"][ALL_WARM].items()}
        before = f"{of['before']:g} before"
        yield Line(f"{name} of a wish, warm, {ALL_WARM}", f"{of['ours']:g}", before, of["ours"], goal)


def _writes(rows: list[dict[str, float]]) -> Iterator[Line]:
    for row in rows:
        store, projection = row["store_and_seat_writes"], row["projection_writes"]
        words = f"write units of a wish, slices of {row['slice']:g}"
        yield Line(words, f"{row['all_writes']:g}", f"{store:g} store, {projection:g} projection", row["all_writes"])


def _bill(results: dict[str, Any]) -> Iterator[Line]:
    used, cost = results["per_wish"], results["dollars_per_million"]
    goals = {"write units": ("alone", "≤ 5")}
    for kind in ("alone", "crowd"):
        for name in ("write units", "read units", "sqs requests", "log bytes", "traces", "lambda GB-seconds"):
            beside = f"{used['floor'][name]:g} floor, {used['naive'][name]:g} naive"
            goal = goals[name][1] if goals.get(name, ("",))[0] == kind else ""
            yield Line(f"{name} of a wish, {kind}", f"{used[kind][name]:g}", beside, used[kind][name], goal)
        beside = f"${cost['floor']['all']:.2f} floor, ${cost['naive']['all']:.2f} naive"
        ours = cost[kind]["all"]
        yield Line(f"dollars a million, {kind}", f"${ours:.2f}", beside, ours, "≤ 6" if kind == "crowd" else "")


def _pages(results: dict[str, Any]) -> Iterator[Line]:
    bare = results[BARE]["first_paint_ms"]
    for name, page in results.items():
        if name == BARE:
            continue
        sent, requests = page["transferred_kilobytes"], page["requests"]
        yield Line(f"KB of the {name}, first visit", f"{sent:g}", f"{requests:g} requests", sent, "≤ 12")
        paint = page["first_paint_ms"]
        yield Line(f"first paint of the {name}", f"{paint:.0f} ms", f"{bare:.0f} ms bare", round(paint / bare, 2))


def _frames(results: dict[str, Any]) -> Iterator[Line]:
    drawn = results["frames_per_second"]
    for name, ratio in results["ratios"].items():
        beside = f"{drawn['empty']:.0f}/s empty page"
        yield Line(f"frames of the wall, {name} wishes", f"{drawn[name]:.0f}/s", beside, ratio, "≥ 0.95")


def _growth(rows: list[dict[str, float]]) -> Iterator[Line]:
    first, last = rows[0], rows[-1]
    for name in (name for name in last if name.startswith(("feed", "manifest", "one wish", "POST"))):
        words = f"{name}, {first['stored']:,} to {last['stored']:,} stored"
        ratio = round(last[name] / first[name], 2) if first[name] else 0.0
        yield Line(words, f"{last[name]:g} × /health", f"{first[name]:g} × at {first['stored']:,}", ratio)


SECTIONS: dict[str, Callable[[Any], Iterator[Line]]] = {
    "throughput": _throughput,
    "door": _door,
    "start_up": _starts,
    "warm": _warm,
    "capacity_units_per_wish": _writes,
    "bill": _bill,
    "growth": _growth,
    "pages": _pages,
    "frames": _frames,
}
