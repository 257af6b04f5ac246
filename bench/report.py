"""Run every measurement on one stack, and show the results as tables."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.table import Table

from bench import NotMeasured, caching, door, pages, startup, throughput, units
from tests.support.laptop import Stack

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Sizes:
    """Amounts to measure. The committed results have the defaults."""

    wishes: int = 300  # per round
    clients: int = 8
    rounds: int = 5
    runs: int = 11  # cold starts of each handler
    loads: int = 3  # of each page
    quiet_ms: float = pages.QUIET_MS


type Measurement = Callable[[Stack, Sizes], Any]

# By their key in results.json, each with what it does. One that raises NotMeasured is left out, and the reason is said.
MEASUREMENTS: dict[str, tuple[str, Measurement]] = {
    "throughput": (
        "sending wishes through both pipelines",
        lambda stack, sizes: throughput.measure(stack, sizes.wishes, sizes.clients, sizes.rounds),
    ),
    "door": ("calling the engine with and without its door", lambda _, sizes: door.measure(3 * sizes.runs)),
    "start_up": ("starting each function from its built bundle", lambda _, sizes: startup.measure(sizes.runs)),
    "capacity_units_per_wish": ("counting the write units of a wish", lambda stack, _: units.measure_writes(stack)),
    "read_units_per_wish": ("counting the read units of a wish", lambda stack, _: units.measure_reads(stack)),
    "pages": (
        "loading each page on a slow phone",
        lambda stack, sizes: pages.measure(stack, sizes.loads, sizes.quiet_ms),
    ),
    "caching": ("calculating what a crowd costs", lambda _, __: caching.measure()),
}


def measure(stack: Stack, sizes: Sizes, note: Callable[[str], object]) -> dict[str, Any]:
    """Return the content of results.json; `note` receives a line for each measurement. Raises BenchFailed."""
    results: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "engine": f"ministack {version('ministack')}",
        "cores": os.cpu_count(),
        "note": "Ratios of one machine in one run. Nothing here says how fast AWS is.",
    }
    for name, (action, run) in MEASUREMENTS.items():
        note(f"{action} …")
        try:
            results[name] = run(stack, sizes)
        except NotMeasured as reason:
            note(f"{name}: not measured, {reason}")
    return results


def tables(results: dict[str, Any]) -> list[Table]:
    """Return a table for each part of results.json."""
    shown = [
        _ratios(results["throughput"], results["door"]),
        startup.as_table(results["start_up"]),
        startup.profile_table(results["start_up"]),
        _units("write", "the engine", results["capacity_units_per_wish"]),
    ]
    if "read_units_per_wish" in results:
        shown.append(_units("read", "DynamoDB Local", results["read_units_per_wish"]))
    if "pages" in results:
        shown.append(_pages(results["pages"]))
    return [*shown, caching.as_table(results["caching"])]


def _ratios(rates: dict[str, Any], doors: dict[str, float]) -> Table:
    table = Table(title="What our own code costs (ratios of this machine, this run; not AWS)")
    table.add_column("measured")
    for title in ("ours", "beside", "ratio"):
        table.add_column(title, justify="right")
    ours, bare = (rates["wishes_per_second"][name] for name in (throughput.CHAIN, throughput.PASS_THROUGH))
    table.add_row("wishes stored per second, beside passing on", f"{ours:.0f}", f"{bare:.0f}", f"{rates['ratio']:.2f}")
    wish_us = (os.cpu_count() or 1) * 1e6 / ours  # of all processors, while the chain has them to itself
    measured = "CPU µs of the engine's door for a wish, beside all of it"
    table.add_row(measured, f"{doors['per_wish_us']:.0f}", f"{wish_us:.0f}", f"{doors['per_wish_us'] / wish_us:.3f}")
    journal_us = doors["journal_per_wish_us"]
    table.add_row("the same of its journal", f"{journal_us:.0f}", f"{wish_us:.0f}", f"{journal_us / wish_us:.3f}")
    return table


def _units(kind: str, counter: str, rows: list[dict[str, float]]) -> Table:
    title = f"DynamoDB's {kind} units per wish, by the size of the projector's slices ({counter} counts)"
    table = Table(title=title)
    for title in rows[0]:
        table.add_column(title.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(f"{value:g}" for value in row.values()))
    return table


def _pages(rows: dict[str, dict[str, float]]) -> Table:
    title = f"A cold load on a phone: processor {pages.SLOWDOWN} times slower, 1.6 Mbit/s, 150 ms (medians)"
    table = Table(title=title)
    bare = rows[pages.BARE]
    table.add_column("page")
    for column in (*bare, "usable beside bare"):
        table.add_column(column.replace("_", " "), justify="right")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:g}" for value in row.values()), f"{row['usable_ms'] / bare['usable_ms']:.2f}")
    return table
