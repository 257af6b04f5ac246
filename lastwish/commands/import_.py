"""Command `import`: a table of somebody's old system as events."""

from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack
from lastwish.commands.progress import Progress
from lastwish.load.formatting import plural

app = typer.Typer()


class To(StrEnum):
    """Where the commits go."""

    STORE = "store"
    FILES = "files"


@app.command("import")
def import_(  # noqa: PLR0917 - typer reads them as options
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="CSV, Parquet, JSON lines, SQLite, postgresql://…")],
    mapping: Annotated[Path, typer.Option(help="Which column is which field (docs/migration.md): TOML or YAML.")],
    to: Annotated[To, typer.Option(help="A stack's store, or files for a new table.")] = To.STORE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Store nothing: say what fits, and what not and why.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare a stack with a finished import; store nothing.")
    ] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Forget the checkpoint; what is stored stays.")] = False,
    work: Annotated[Path | None, typer.Option(help="Folder of checkpoint, rejects and files.")] = None,
    at_once: Annotated[int, typer.Option(min=1, max=50, help="Commits that are written at the same time.")] = 8,
    seats: Annotated[tuple[int, int] | None, typer.Option(help="Of a new table: seats to Mars, to Jupiter.")] = None,
    like: Annotated[int, typer.Option(min=1, max=10**12, help="Wishes, for what they would cost.")] = 500_000_000,
    rebuild: Annotated[bool, typer.Option(help="Build the read model anew once all is stored.")] = True,
    settle: Annotated[float, typer.Option(min=0, help="Seconds that the projector may take to follow.")] = 600,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Import an old table as events. Killed, or typed again, it goes on: each row is stored once."""
    from lastwish.shipping.importing import run
    from lastwish.site import site

    with Answer(as_json) as answer:
        options = run.Options(
            source=source,
            mapping=mapping,
            files=to is To.FILES,
            dry_run=dry_run,
            check=check,
            restart=restart,
            work=work,
            at_once=at_once,
            seats=seats,
            like=like,
            rebuild=rebuild,
            settle=settle,
        )
        facts = run.import_(options, partial(site, stack), Progress(answer))
        answer.give(facts, *_lines(facts))
        if not facts["ok"]:
            raise typer.Exit(1)


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    if "rows" in facts:
        yield from _read(facts)
    if compared := facts.get("compared"):
        for name in ("source", "stored"):
            yield f"{name}: {plural(compared[name]['count'], 'wish', 'es')}, checksum {compared[name]['checksum']}"
        yield "equal" if compared["equal"] else f"NOT EQUAL: {_unequal(facts)}"
    if rebuilt := facts.get("rebuilt"):
        yield f"read model rebuilt: {plural(rebuilt['rows'], 'row')}, generation {rebuilt['generation']} is read"
    if audit := facts.get("audit"):
        found = len(audit["differences"])
        yield f"audit: {'all is well' if audit['ok'] else f'{plural(found, "difference")} (lastwish audit shows them)'}"
    yield from _paper(facts.get("paper") or {})
    yield from _next(facts.get("next") or [])


def _unequal(facts: dict[str, Any]) -> str:
    if others := facts.get("outcomes", {}).get("stored_otherwise"):
        stored = "stored with other content or by another batch"
        return f"{plural(others, 'wish', 'es')} {stored}: docs/migration.md, Old and new side by side"
    return "--restart stores what is missing"


def _read(facts: dict[str, Any]) -> Iterator[str]:
    lines = sum(each["count"] for each in facts["reasons"] if each["reason"].startswith("line:"))
    unfit = facts["rejected"] - lines
    said = f"{plural(facts['rows'], 'row')}: {plural(facts['wishes'], 'wish', 'es')}"
    said += f", {unfit:,} {'does' if unfit == 1 else 'do'} not fit"
    said += f"; {plural(lines, 'line')} {'is' if lines == 1 else 'are'} no row" if lines else ""
    yield f"{said} ({facts['rejects']})"
    for each in facts["reasons"]:
        yield f"  {each['count']} x {each['reason']} As in {', '.join(each['at'])}"
    yield "  " + ", ".join(f"{name} {count}" for name, count in facts["outcomes"].items())
    yield f"{facts['seconds']:g} s, {facts['rows_per_second']} rows/s, {facts['peak_mb']} MB at most"
    if facts.get("may_have_leaked_seats"):
        yield "a kill may have leaked seats: lastwish reclaim finds and frees them"


def _paper(paper: dict[str, Any]) -> Iterator[str]:
    from lastwish.observe.bill_view import dollars

    if paper:
        wishes = f"{paper['wishes']:,} wishes like these (--like N)"
        yield f"on AWS, for {wishes}, by the prices of docs/migration.md:"
    for name, value in paper.items():
        yield f"  {name.replace('_', ' ')}: {dollars(value) if 'dollars' in name else f'{value:,}'}"


def _next(steps: list[str]) -> list[str]:
    return ["next:", *(f"  {step}" for step in steps)] if steps else []
