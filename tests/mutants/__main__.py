"""`make mutants`: try every mutant, or those that are named, and print what became of them."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from tests.mutants.table import MUTANTS
from tests.mutants.trial import Verdict, try_all
from tests.support import ROOT


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Names of mutants; all where none is given.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Mutants at a time.")] = os.cpu_count() or 1,
) -> None:
    """Try mutants. End with 1 where one survives, does not apply, or has a test that fails without it."""
    unknown = set(names or []) - {mutant.name for mutant in MUTANTS}
    if unknown:
        raise typer.BadParameter(f"no mutant has this name: {', '.join(sorted(unknown))}")
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    progress, console = Console(stderr=True), Console(width=200)

    def note(verdict: Verdict) -> None:
        progress.print(f"{verdict.outcome}: {verdict.mutant.name} ({verdict.seconds:.1f} s)")

    verdicts = try_all(chosen, ROOT, jobs, note)
    table = Table("mutant", "file", Column("test", overflow="fold"), "outcome", "seconds")
    for each in verdicts:
        file, _, test = each.mutant.test.partition("::")
        where = f"{file.removeprefix('tests/')}::{test}"
        table.add_row(each.mutant.name, each.mutant.file, where, each.outcome, f"{each.seconds:.1f}")
    console.print(table)
    wrong = [each for each in verdicts if each.outcome != "killed"]
    for each in wrong:
        console.print(f"{each.mutant.name}: {each.outcome}: {each.mutant.breaks}\n{each.output}", markup=False)
    console.print(f"{len(verdicts) - len(wrong)} of {len(verdicts)} mutants were killed by their tests")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    typer.run(main)
