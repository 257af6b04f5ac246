"""`make bench`: start a stack, measure, write bench/results.json and docs/performance.md, print one table of ratios."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from bench import BenchFailed, docs, lines, report
from lastwish.local import interrupts
from tests.support.laptop import a_stack

_DEFAULTS = report.Sizes()


def main(
    wishes: Annotated[int, typer.Option(min=10, help="Wishes per round.")] = _DEFAULTS.wishes,
    clients: Annotated[int, typer.Option(min=1, help="Clients that send at the same time.")] = _DEFAULTS.clients,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each pipeline, in turn.")] = _DEFAULTS.rounds,
    runs: Annotated[int, typer.Option(min=1, help="Cold starts of each handler, in turn.")] = _DEFAULTS.runs,
) -> None:
    """Measure what our code costs beside none, and write bench/results.json and docs/performance.md."""
    progress = Console(stderr=True)
    progress.print("starting a stack …")
    with a_stack() as stack:
        results = report.measure(stack, report.Sizes(wishes, clients, rounds, runs), progress.print)
    report.RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    docs.write()
    Console(width=120).print(lines.as_table(results))


if __name__ == "__main__":
    try:
        with interrupts.interruptible():
            typer.run(main)
    except BenchFailed as failure:
        sys.exit(f"bench: {failure}")
