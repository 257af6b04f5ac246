"""Run every measurement on one stack."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import NotMeasured, bill, caching, door, frames, growth, pages, startup, throughput, units, warm
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
    warm: int = 2000  # wishes of each function
    stored: tuple[int, ...] = growth.STORED
    calls: int = growth.ROUNDS  # of each kind, at each number of stored wishes
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
    "warm": ("handling wishes beside bare handlers and older code", lambda _, sizes: warm.measure(sizes.warm)),
    "capacity_units_per_wish": ("counting the write units of a wish", lambda stack, _: units.measure_writes(stack)),
    "read_units_per_wish": ("counting the read units of a wish", lambda stack, _: units.measure_reads(stack)),
    "bill": ("counting what AWS bills for a wish", lambda stack, _: bill.measure(stack)),
    "pages": (
        "loading each page on a slow phone",
        lambda stack, sizes: pages.measure(stack, sizes.loads, sizes.quiet_ms),
    ),
    "frames": ("counting the frames of the wall", lambda stack, sizes: frames.measure(stack, sizes.loads)),
    "growth": (
        "filling a store of its own, and calling what reads it",
        lambda _, sizes: growth.measure(sizes.stored, sizes.calls),
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
