"""`lastwish load`: parses, asks, calls and answers."""

import secrets
import shlex
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack

if TYPE_CHECKING:
    from lastwish.load.plan import Options
    from lastwish.load.run import Run

app = typer.Typer()


def _share(what: str) -> Any:
    return typer.Option(min=0, max=1, help=f"Share of wishes that are {what}, 0 to 1.")


@app.command()
def load(  # noqa: PLR0917 - typer reads them as options
    shape: Annotated[str | None, typer.Option(help="steady, ramp, spike or wave.")] = None,
    wishes: Annotated[int | None, typer.Option(min=1, help="How many.")] = None,
    over: Annotated[float | None, typer.Option(min=0.1, help="Seconds that they are sent over.")] = None,
    seed: Annotated[int | None, typer.Option(help="Repeats a load exactly. Without it, a new one.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="rehearsal, audience-of-300 or reinvent-65k; other options win over it.")
    ] = None,
    duplicates: Annotated[float | None, _share("a double tap: one of the latest wishes once more")] = None,
    hostile: Annotated[float | None, _share("meant to break something, and to be defused")] = None,
    oversized: Annotated[float | None, _share("too large, to be refused")] = None,
    malformed: Annotated[float | None, _share("broken, to be refused")] = None,
    in_flight: Annotated[int, typer.Option(help="Requests at once, at most.")] = 64,
    give_up: Annotated[float, typer.Option(min=0, max=3600, help="Seconds that a wish is tried for.")] = 120,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Ask what became of them, or of 300 of many.")
    ] = True,
    settle: Annotated[float, typer.Option(min=0, max=86_400, help="Seconds until all must have ended.")] = 120,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Where the report goes; else into .lastwish.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(dir_okay=False, help="Every wish, a line each, into this file.")] = None,
    ui: Annotated[bool, typer.Option("--ui", help="Locust's own pages meanwhile, on this machine.")] = False,
    raise_ceiling: Annotated[bool, typer.Option("--raise-ceiling", help="More than 20,000 wishes, or 500/s.")] = False,
    yes_load: Annotated[str | None, typer.Option(help="With --stack: its name again, instead of being asked.")] = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Send many wishes as a crowd would, and tell the truth about it, to their seats.

    Exit code 0 when all is stored and every wish was answered as it should be; 130 when it was stopped; else 1.
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
        from lastwish.local import interrupts

        options = _options(profile, {name: value for name, value in given.items() if value is not None})
        _writable(report, csv)
        manners.bounded(options, in_flight, raise_ceiling)
        if stack or yes_load is not None:
            manners.confirmed(stack, yes_load, None if as_json or not sys.stdin.isatty() else _ask)
        asked = driver.Asked(
            target=manners.target(stack),
            options=options,
            manner=Manner(in_flight, give_up, ui),
            follow=follow,
            settle=settle,
            command=shlex.join(["lastwish", *sys.argv[1:]]),
        )
        with interrupts.ignored():  # but where the load may be: nothing of it is there a second time
            run = driver.drive(asked, answer.console)
            where, run = written(run, report, csv)
            with suppress(OSError):  # nobody there any more
                _say(answer, run, where)
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


def _writable(report: Path | None, csv: Path | None) -> None:
    """Before the load, not after it. Raises BadParameter."""
    if report and csv and report.resolve() == csv.resolve():
        raise typer.BadParameter("--report and --csv are the same file")
    for file in (report, csv):
        if not file:
            continue
        was_there = file.exists()
        try:
            file.open("ab").close()
        except OSError as error:
            raise typer.BadParameter(f"{file} cannot be written: {error.strerror}") from None
        if not was_there:
            file.unlink()


def written(run: "Run", report: Path | None, csv: Path | None) -> tuple[Path | None, "Run"]:
    """Where the report is, if anywhere; and the run, with what failed on the way there."""
    from lastwish.load.page import render  # matplotlib takes a second to import
    from lastwish.load.report import write_csv

    failures = []
    try:
        if csv:
            write_csv(run, csv)
    except OSError as error:
        failures.append(f"the CSV could not be written: {error}")
    try:
        report = report or _usual_place(run.started)
        report.write_text(render(run), encoding="utf-8")
    except Exception as error:  # noqa: BLE001 - a picture that cannot be drawn must not cost the figures
        failures.append(f"the report could not be written: {error}")
        report = None
    return report, replace(run, failures=[*run.failures, *failures])


def _usual_place(started: datetime) -> Path:
    from lastwish.local.state import Home

    home = Home.from_environment()
    home.create()
    return home.path / f"load-{started:%Y%m%d-%H%M%S}.html"


def _ask(words: str) -> str:
    return str(typer.prompt(words, err=True))


def _say(answer: Answer, run: "Run", report: Path | None) -> None:
    from rich.console import Console

    from lastwish.load.report import facts
    from lastwish.load.table import table

    if answer.as_json:
        answer.give(facts(run) | {"report": report and str(report)})
    else:
        Console(highlight=False).print(table(run))
    if report:
        answer.note(f"report: {report}")
