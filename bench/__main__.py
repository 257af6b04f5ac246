"""`make bench`: measure, print a table of ratios, write bench/results.json. Nothing is asserted about time."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import caching, pages, startup, throughput, units
from lastwish.local import interrupts

RESULTS = Path(__file__).with_name("results.json")


def main(
    wishes: Annotated[int, typer.Option(min=10, help="Wishes per round.")] = 300,
    clients: Annotated[int, typer.Option(min=1, help="Clients that send them at once.")] = 8,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each pipeline, in turn.")] = 5,
    runs: Annotated[int, typer.Option(min=1, help="Cold starts of each handler, in turn.")] = 11,
) -> None:
    """Measure what our code costs beside none, here and now."""
    say = Console(stderr=True)
    say.print(f"importing each handler {runs} times …")
    starts = startup.measure(runs)
    say.print(f"sending {wishes} wishes through both pipelines {rounds} times …")
    rates = throughput.measure(wishes, clients, rounds)
    say.print("counting the capacity units of a wish …")
    costs = units.measure()
    say.print("loading each page on a slow phone …")
    weights = pages.measure(runs=3)
    results = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "engine": f"ministack {version('ministack')}",
        "cores": os.cpu_count(),
        "note": "Ratios of one machine in one run. Nothing here says how fast AWS is.",
        "throughput": {
            "wishes": wishes,
            "clients": clients,
            "wishes_per_second": {name: round(median(each), 1) for name, each in rates.items()},
            "rounds": rates,
            "ratio": throughput.ratio(rates),
        },
        "init_cpu": {
            "runs": runs,
            "median_ms": starts,
            "ratios": {name: round(starts[name] / starts[startup.BASELINE_NAME], 2) for name in startup.HANDLERS},
        },
    }
    results["capacity_units_per_wish"] = costs
    results["caching"] = savings = caching.measure()
    if weights:
        results["pages"] = weights
    else:
        say.print("no Chromium here: the pages were not measured")
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    Console().print(_table(rates, starts))
    Console().print(_units_table(costs))
    Console().print(caching.table(savings))
    if weights:
        Console().print(_pages_table(weights))


def _pages_table(weights: dict[str, dict[str, float]]) -> Table:
    title = f"A cold load on a phone: processor {pages.SLOWER} times slower, 1.6 Mbit/s, 150 ms (medians)"
    table = Table(title=title)
    bare = weights[pages.BARE]["usable_ms"]
    for column in ("page", *(name.replace("_", " ") for name in weights[pages.BARE]), "usable beside bare"):
        table.add_column(column, justify="left" if column == "page" else "right")
    for name, row in weights.items():
        table.add_row(name, *(f"{value:g}" for value in row.values()), f"{row['usable_ms'] / bare:.2f}")
    return table


def _units_table(costs: list[dict[str, float]]) -> Table:
    table = Table(title="DynamoDB capacity units per wish, by the size of the projector's slices (the engine counts)")
    for title in costs[0]:
        table.add_column(title.replace("_", " "), justify="right")
    for row in costs:
        table.add_row(*(f"{value:g}" for value in row.values()))
    return table


def _table(rates: dict[str, list[float]], starts: dict[str, float]) -> Table:
    table = Table(title="What our own code costs (ratios of this machine, this run; not AWS)")
    for title, justify in (("measured", "left"), ("ours", "right"), ("beside", "right"), ("ratio", "right")):
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    ours, bare = median(rates["chain"]), median(rates["pass-through"])
    table.add_row("wishes stored per second, beside passing on", f"{ours:.0f}", f"{bare:.0f}", f"{ours / bare:.2f}")
    baseline = starts[startup.BASELINE_NAME]
    for name in startup.HANDLERS:
        words = f"CPU ms to import {name}, beside {startup.BASELINE_NAME}"
        table.add_row(words, f"{starts[name]:.0f}", f"{baseline:.0f}", f"{starts[name] / baseline:.2f}")
    return table


if __name__ == "__main__":
    try:
        with interrupts.interruptible():
            typer.run(main)
    except throughput.BenchFailed as failure:
        sys.exit(f"bench: {failure}")
