"""Command `query`: SQL over what was stored and logged, by Athena on AWS, by DuckDB on this laptop."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack
from lastwish.errors import UsageError, need

if TYPE_CHECKING:
    from lastwish.shipping.memory.answers import Found
    from lastwish.shipping.memory.duck import Memory

app = typer.Typer()
_UNBOUND = 10**6  # columns: of a pipe or a file


@app.command()
def query(  # noqa: PLR0917 - typer reads them as options
    what: Annotated[str | None, typer.Argument(metavar="NAME|FILE", help="A ready-made query, or a file.")] = None,
    values: Annotated[list[str] | None, typer.Argument(metavar="[VALUE]...", help="Its parameters.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the ready-made queries.")] = False,
    over: Annotated[Path | None, typer.Option(help="Ask a folder of Parquet, not the stack.")] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write what the local stack has into a new folder, as Parquet.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Read at most this many rows.")] = 1000,
    timeout: Annotated[float, typer.Option(min=0, max=86_400, help="Seconds that it may take.")] = 120,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Ask in SQL what was stored and logged: the laptop's journal and logs, a folder of Parquet, or a stack on AWS."""
    from lastwish.shipping.memory import athena
    from lastwish.shipping.memory.statements import find
    from lastwish.site import site

    with Answer(as_json) as answer:
        _check(what, [listed, export is not None], over, stack)
        if listed:
            _list(answer)
        elif export:
            with _memory(over) as memory:
                written = memory.export(export)
            words = ", ".join(f"{count} {table.replace('_', ' ')}" for table, count in written.items())
            answer.give({"folder": str(export), **written}, f"wrote {words} to {export}")
        else:
            statement = find(str(what))
            bound = statement.bind(values or [])
            if stack:
                found = athena.answer(site(stack), statement, bound, limit, timeout)
            else:
                with _memory(over) as memory:
                    found = memory.answer(statement, bound, limit, timeout)
            _show(answer, found)


def _check(what: str | None, others: list[bool], over: Path | None, stack: str | None) -> None:
    if [what is not None, *others].count(True) != 1:
        raise UsageError("say one query, or --export FOLDER; lastwish query --list shows the ready-made ones")
    if stack and (over or any(others)):
        raise UsageError("--stack asks a stack on AWS by Athena: leave out --over, --export and --list")


def _list(answer: Answer) -> None:
    from lastwish.shipping.memory.statements import queries

    ready = queries()
    facts = [{"name": each.name, "title": each.title, "parameters": list(each.parameters)} for each in ready]
    lines = [f"{' '.join([each.name, *each.parameters]):<29} {each.title}" for each in ready]
    answer.give({"queries": facts}, *lines)


def _memory(over: Path | None) -> "Memory":
    """Return what there is to ask: a folder's Parquet, or else the local stack's journal and logs."""
    need("a query on this laptop", "duckdb")
    from lastwish.observe import logs
    from lastwish.shipping.memory import collect
    from lastwish.shipping.memory.duck import Memory
    from lastwish.site import LocalSite

    memory = Memory()
    if over:
        memory.read(over)
    else:
        here = LocalSite()
        memory.add(
            {"event_records": collect.events(here.home.journal), "log_records": collect.lines(logs.source(here))}
        )
    return memory


def _show(answer: Answer, found: "Found") -> None:
    if answer.as_json:
        answer.give({"columns": found.columns, "rows": found.documents(), "more": found.more, **found.facts})
    elif found.rows:
        _print(found)
    if not found.rows:
        answer.note("no rows")
    if found.more:
        answer.note(f"there are more than {len(found.rows)} rows: --limit reads more")
    if "dollars" in found.facts:
        answer.note(f"Athena read {found.facts['scanned_bytes']:,} bytes: ${found.facts['dollars']:.5f}")


def _print(found: "Found") -> None:
    """Print a table. Where a word, as an id is, would be cut at the terminal's width: each row as lines."""
    from mission.log_lines import printable

    rows = [["" if value is None else printable(str(value)) for value in row] for row in found.rows]
    table = Table(*(Column(name, overflow="fold") for name in found.columns))
    for row in rows:
        table.add_row(*row)
    unbound, here = (Console(highlight=False, markup=False, width=width) for width in (_UNBOUND, None))
    if not here.is_terminal:
        unbound.print(table)
    elif unbound.measure(table).minimum <= here.width:
        here.print(table)
    else:
        for row in rows:
            print(*(f"{name}: {value}" for name, value in zip(found.columns, row, strict=True)), "", sep="\n")
