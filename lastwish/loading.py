"""`lastwish load`: parses, asks, calls and answers."""

import os
import secrets
import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lastwish.answer import Answer
from lastwish.options import Json, Stack

if TYPE_CHECKING:
    from lastwish.load.plan import Options

loader = typer.Typer()


def _share(what: str) -> Any:
    return typer.Option(min=0, max=1, help=f"Share of wishes that are {what}, 0 to 1.")


@loader.command()
def load(  # noqa: PLR0917 - typer reads them as options
    shape: Annotated[str | None, typer.Option(help="steady, ramp, spike or wave.")] = None,
    wishes: Annotated[int | None, typer.Option(min=1, help="How many.")] = None,
    over: Annotated[float | None, typer.Option(min=0.1, help="Seconds that they are sent over.")] = None,
    seed: Annotated[int | None, typer.Option(help="Repeats a load exactly. Without it, a new one.")] = None,
    profile: Annotated[str | None, typer.Option(help="A ready-made load; other options win over it.")] = None,
    duplicates: Annotated[float | None, _share("sent a second time")] = None,
    hostile: Annotated[float | None, _share("not meant well")] = None,
    oversized: Annotated[float | None, _share("too large, to be refused")] = None,
    malformed: Annotated[float | None, _share("broken, to be refused")] = None,
    in_flight: Annotated[int, typer.Option(help="Requests at once, at most.")] = 64,
    give_up: Annotated[float, typer.Option(min=0, help="Seconds that a wish is tried for.")] = 60,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Ask what became of them, or of 300 of many.")
    ] = True,
    settle: Annotated[float, typer.Option(min=0, help="Seconds until all must have ended.")] = 120,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Where the report goes; else into .lastwish.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Every request, a line each, into this file.")
    ] = None,
    ui: Annotated[bool, typer.Option("--ui", help="Locust's own pages meanwhile, on this machine.")] = False,
    raise_ceiling: Annotated[bool, typer.Option("--raise-ceiling", help="More than is meant for a laptop.")] = False,
    yes_load: Annotated[str | None, typer.Option(help="With --stack: its name again, instead of being asked.")] = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Send many wishes as a crowd would, and tell the truth about it, to their seats.

    Exit code 0 when the audit is well and every wish was answered as it should be; 130 after Ctrl-C.
    """
    given = {
        "shape": shape,
        "wishes": wishes,
        "over": over,
        "seed": seed,
        "duplicates": duplicates,
        "hostile": hostile,
        "oversized": oversized,
        "malformed": malformed,
    }
    with Answer(as_json) as answer:
        from lastwish.load import driver, manners
        from lastwish.load import report as reporting
        from lastwish.load.sender_process import Manner

        options = _options(profile, {name: value for name, value in given.items() if value is not None})
        _writable(report, csv)
        manners.bounded(options, in_flight, raise_ceiling)
        if stack:
            manners.confirmed(stack, yes_load, None if as_json or not sys.stdin.isatty() else _ask)
        asked = driver.Asked(
            target=manners.target(stack),
            options=options,
            manner=Manner(in_flight, give_up, ui),
            follow=follow,
            settle=settle,
            command=shlex.join(["lastwish", *sys.argv[1:]]),
        )
        run = driver.drive(asked, answer.console)
        report = report or _usual_place(run.started)
        report.write_text(reporting.page(run), encoding="utf-8")
        facts = reporting.facts(run) | {"report": str(report)}
        if csv:
            reporting.write_csv(run, csv)
        _say(answer, run, facts, report)
        if any(each.ms is None and each.end != "unfinished" for each in run.followed.values()):
            answer.note("these wishes were there before: `lastwish reset`, or another --seed, makes them new")
        if code := reporting.exit_code(run):
            raise typer.Exit(code)


def _options(profile: str | None, given: dict[str, Any]) -> "Options":
    """The profile's, those that were typed, and a seed. Raises BadParameter."""
    from lastwish.load.plan import Options, profiles

    known = profiles()
    if profile and profile not in known:
        raise typer.BadParameter(f"there are {', '.join(known)}", param_hint="--profile")
    chosen = {name: value for name, value in known.get(profile or "", {}).items() if name != "about"}
    try:
        return Options(**{"seed": secrets.randbelow(2**31), **chosen, **given})
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _writable(*files: Path | None) -> None:
    """Before the load, not after it. Raises BadParameter."""
    for file in files:
        if file and not file.absolute().parent.is_dir():
            raise typer.BadParameter(f"there is no directory {file.absolute().parent}")
        if file and not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
            raise typer.BadParameter(f"{file} may not be written")


def _usual_place(started: datetime) -> Path:
    from lastwish.local.state import Home

    home = Home.from_environment()
    home.create()
    return home.path / f"load-{started:%Y%m%d-%H%M%S}.html"


def _ask(words: str) -> str:
    return str(typer.prompt(words, err=True))


def _say(answer: Answer, run: Any, facts: dict[str, Any], report: Path) -> None:
    from rich.console import Console

    from lastwish.load.report import table

    if answer.as_json:
        answer.give(facts)
    else:
        Console(highlight=False).print(table(run))
    answer.note(f"report: {report}")
