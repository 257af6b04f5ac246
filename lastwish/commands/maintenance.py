"""Commands on what is stored: `audit`, `history`, `rebuild`, `reclaim`, `erase`."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack, WishId, as_wish_id
from lastwish.commands.progress import Progress
from lastwish.errors import UsageError

if TYPE_CHECKING:
    from lastwish.maintenance.audit import Report
    from lastwish.site import ReadPromises, Site

app = typer.Typer()

Wait = Annotated[
    float | None, typer.Option(min=0, help="For tests: wait this many seconds, not the function's timeout.")
]


@app.command()
def audit(
    settle: Annotated[float, typer.Option(min=0, help="Seconds that the chain may take to come to rest.")] = 10,
    ledger: Annotated[
        Path | None, typer.Option(help="Record of the wishes answered 202, a JSON object per line.")
    ] = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Compare the promises with the stores, and the stores with each other. Exit code 1 on any difference."""
    from lastwish.maintenance import audit as auditing
    from lastwish.maintenance.stores import stores
    from lastwish.site import site

    with Answer(as_json) as answer:
        here = site(stack)
        report = auditing.audit(stores(here), _promises(here, ledger), settle, answer.note)
        answer.give(report.facts(), "all is well" if report.ok else f"{len(report.differences)} differences")
        if not as_json:
            _show(answer.console, report)
        if not report.ok:
            raise typer.Exit(1)


def _promises(here: "Site", ledger: Path | None) -> "ReadPromises":
    """Return a reader of the promises: from a file, or from the stack's own record."""
    from lastwish.local.proxy.ledger import read

    if ledger and not ledger.is_file():
        raise UsageError(f"there is no ledger at {ledger}")
    return partial(read, ledger) if ledger else here.promises()


def _show(console: Console, report: "Report") -> None:
    table = Table("wishes", "", title="audit")
    for name, value in report.facts().items():
        if name not in ("ok", "differences"):
            table.add_row(name.replace("_", " "), str(value))
    console.print(table)
    if report.differences:
        wrong = Table("difference", Column("wish", no_wrap=True, min_width=36), "detail", "repair")
        for each in report.differences:
            wrong.add_row(each.kind, each.wish_id or "", each.detail, each.repair)
        console.print(wrong)


@app.command()
def history(wish_id: WishId, stack: Stack = None, as_json: Json = False) -> None:
    """Show a wish's commits and the state folded at each version."""
    from lastwish.maintenance import history as histories
    from lastwish.maintenance.stores import stores
    from lastwish.site import site

    with Answer(as_json) as answer:
        commits = histories.history(stores(site(stack)), as_wish_id(wish_id))
        answer.give({"wish_id": wish_id, "commits": commits}, *(_line(commit) for commit in commits))
        if any("unreadable" in commit for commit in commits):
            raise typer.Exit(1)


def _line(commit: dict[str, Any]) -> str:
    if "unreadable" in commit:
        return f"{commit['version']}  cannot be read: {commit['unreadable']}"
    events = ", ".join(event["type"].removeprefix("lastwish.wish.") for event in commit["events"])
    state = ", ".join(f"{name} {value}" for name, value in (commit["state"] or {}).items() if value is not None)
    return f"{commit['version']}  {commit['time']}  {events}\n   -> {state or 'nothing'}"


@app.command()
def rebuild(  # noqa: PLR0917 - typer reads them as options
    flip: Annotated[
        bool | None,
        typer.Option("--flip/--no-flip", help="--flip: use the new one even if they differ; --no-flip: never use it."),
    ] = None,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Keep the old one and go on writing it, to be able to go back.")
    ] = False,
    wait: Wait = None,
    patience: Annotated[float, typer.Option(min=0, help="Seconds until both must be equal.")] = 60,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Rebuild the read model beside the live one, compare them, and read the new one if they are equal."""
    from lastwish.maintenance import rebuild as rebuilding
    from lastwish.maintenance.stores import stores
    from lastwish.site import site

    with Answer(as_json) as answer:
        options = rebuilding.Options(flip, keep_old, wait, patience)
        done = rebuilding.rebuild(stores(site(stack)), options, Progress(answer))
        answer.give(
            done.facts(),
            f"{done.commits} commits, {done.rows} rows in {done.seconds:g} s",
            f"checksum of the old: {done.checksum_old}",
            f"checksum of the new: {done.checksum_new}",
            f"totals: {'the same' if done.same_totals else 'different'}; rows that never met: {done.lagging}",
            f"generation {done.generation} is read"
            + ("" if done.flipped or done.ok else ": the new one differs (--flip takes it)"),
            *_unread(done.unreadable),
        )
        if not done.ok:
            raise typer.Exit(1)


def _unread(unreadable: list[dict[str, Any]]) -> Iterator[str]:
    for each in unreadable:
        yield f"left out: version {each['version']} of wish {each['wish_id']} cannot be read: {each['reason']}"


@app.command()
def reclaim(wait: Wait = None, stack: Stack = None, as_json: Json = False) -> None:
    """Find leaked seats, free them, and board the waitlist, first come first served."""
    from lastwish.maintenance import reclaim as reclaiming
    from lastwish.maintenance.stores import stores
    from lastwish.site import site

    with Answer(as_json) as answer:
        done = reclaiming.reclaim(stores(site(stack)), wait, answer.note)
        answer.give(
            done.facts(),
            f"{done.leaked} seats had leaked, {done.freed} were freed; {done.boarded} wishes boarded from the waitlist",
            *_unread(done.unreadable),
        )
        if not done.ok:
            raise typer.Exit(1)


@app.command()
def erase(
    wish_id: WishId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; --json never asks.")] = False,
    patience: Annotated[float, typer.Option(min=0, help="Seconds until the read model must have changed.")] = 30,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Erase the text of one wish. Backups keep it for up to 35 days, the table's stream for 24 hours."""
    from lastwish.maintenance import erase as erasing
    from lastwish.maintenance.stores import stores
    from lastwish.site import site

    with Answer(as_json) as answer:
        as_wish_id(wish_id)
        if not (yes or as_json):
            typer.confirm(f"Erase the text of wish {wish_id} for good?", abort=True, err=True)
        done = erasing.erase(stores(site(stack)), wish_id, patience, answer.note)
        answer.give(
            done.facts(),
            f"erased: {done.commits_scrubbed} commits scrubbed, {done.dead_letters_removed} dead letters removed",
            "backups keep the text for up to 35 days, the table's stream for 24 hours",
        )
