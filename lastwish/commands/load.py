"""Command `load`: send many wishes and report."""

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

# Modules of lastwish.load are imported when the command is called: a demo does not install what they need.
if TYPE_CHECKING:
    from lastwish.load.plan import PlanOptions
    from lastwish.load.results import FinishedLoad

app = typer.Typer()


def _share(kind: str) -> Any:
    return typer.Option(min=0, max=1, help=f"Share of {kind}, 0 to 1.")


@app.command()
def load(  # noqa: PLR0917 - typer reads them as options
    context: typer.Context,
    shape: Annotated[str | None, typer.Option(help="steady, ramp, spike or wave.")] = None,
    wishes: Annotated[int | None, typer.Option(min=1, help="Number of wishes.")] = None,
    over: Annotated[float | None, typer.Option(min=0.1, help="Seconds in which they are sent.")] = None,
    seed: Annotated[int | None, typer.Option(help="Repeat the load of this seed exactly. Default: a new one.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="rehearsal, audience-of-300 or reinvent-65k; other options override it.")
    ] = None,
    duplicates: Annotated[float | None, _share("double taps, which send one of the latest wishes again")] = None,
    hostile: Annotated[float | None, _share("wishes that try to break something; they are accepted")] = None,
    oversized: Annotated[float | None, _share("wishes that are too large; they are refused")] = None,
    malformed: Annotated[float | None, _share("wishes that are malformed; they are refused")] = None,
    in_flight: Annotated[int, typer.Option(help="Most requests in flight at once.")] = 64,
    give_up: Annotated[float, typer.Option(min=0, max=3600, help="Seconds until a wish is given up.")] = 120,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Ask for the outcome of the wishes, of 300 at most.")
    ] = True,
    settle: Annotated[float, typer.Option(min=0, max=86_400, help="Seconds until all wishes must have ended.")] = 120,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File for the HTML report. Default: one in .lastwish.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(dir_okay=False, help="File for a CSV with a line per wish.")] = None,
    ui: Annotated[bool, typer.Option("--ui", help="Serve Locust's own pages on this machine meanwhile.")] = False,
    raise_ceiling: Annotated[
        bool, typer.Option("--raise-ceiling", help="Allow more than 20,000 wishes, or 500/s.")
    ] = False,
    yes_load: Annotated[str | None, typer.Option(help="With --stack: its name again, instead of the prompt.")] = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Send many wishes as a crowd would, and measure each from its intended send to its seat.

    Exit code 0 when all wishes are stored and every answer was right; 130 when it was stopped; else 1.
    """
    with Answer(as_json) as answer:
        from lastwish.load import guard

        guard.check_packages()
        from lastwish.load.load_run import LoadRequest, run_load
        from lastwish.load.report import exit_code
        from lastwish.load.sender_process import SenderOptions
        from lastwish.local import interrupts

        options = _plan_options(profile, context.params)
        _check_writable(report, csv)
        guard.check_limits(options, in_flight, raise_ceiling)
        if stack or yes_load is not None:
            guard.check_confirmation(stack, yes_load, None if as_json or not sys.stdin.isatty() else _prompt)
        request = LoadRequest(
            target=guard.find_target(stack),
            options=options,
            sender=SenderOptions(in_flight, give_up, ui),
            follow=follow,
            settle=settle,
            command=shlex.join(["lastwish", *sys.argv[1:]]),
        )
        with interrupts.ignored():  # except while the load waits: nothing of it can be repeated
            finished, path = write_files(run_load(request, answer.console), report, csv)
            with suppress(OSError):  # the terminal was closed
                _show(answer, finished, path)
        if code := exit_code(finished):
            raise typer.Exit(code)


def _plan_options(profile: str | None, given: dict[str, Any]) -> "PlanOptions":
    """Return the profile's options, overridden by the given ones, and a seed. Raises BadParameter."""
    from lastwish.load.plan import PlanOptions, profiles

    known = profiles()
    if profile and profile not in known:
        raise typer.BadParameter(f"there are {', '.join(known)}", param_hint="--profile")
    values = {"seed": secrets.randbelow(2**31)} | known.get(profile or "", {})
    values |= {name: value for name, value in given.items() if name in PlanOptions.__slots__ and value is not None}
    try:
        return PlanOptions(**values)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _check_writable(report: Path | None, csv: Path | None) -> None:
    """Raise BadParameter for a file that cannot be written: before the load, not after it."""
    if report and csv and report.resolve() == csv.resolve():
        raise typer.BadParameter("--report and --csv are the same file")
    for file in filter(None, (report, csv)):
        existed = file.exists()
        try:
            file.open("ab").close()
        except OSError as error:
            raise typer.BadParameter(f"{file} cannot be written: {error.strerror}") from None
        if not existed:
            file.unlink()


def write_files(load: "FinishedLoad", report: Path | None, csv: Path | None) -> tuple["FinishedLoad", Path | None]:
    """Write report and CSV. Return the load, with the failures to write them, and the report's path, if any."""
    from lastwish.load.html_report import render  # matplotlib takes a second to import
    from lastwish.load.report import write_csv

    failures = []
    try:
        if csv:
            write_csv(load, csv)
    except OSError as error:
        failures.append(f"the CSV could not be written: {error}")
    try:
        report = report or _default_path(load.started)
        report.write_text(render(load), encoding="utf-8")
    except Exception as error:  # noqa: BLE001 - a plot that cannot be drawn must not cost the figures
        failures.append(f"the report could not be written: {error}")
        report = None
    return replace(load, failures=[*load.failures, *failures]), report


def _default_path(started: datetime) -> Path:
    from lastwish.local.state import Home

    home = Home.from_environment()
    home.create()
    return home.path / f"load-{started:%Y%m%d-%H%M%S}.html"


def _prompt(question: str) -> str:
    return str(typer.prompt(question, err=True))


def _show(answer: Answer, load: "FinishedLoad", report: Path | None) -> None:
    from rich.console import Console

    from lastwish.load.report import facts
    from lastwish.load.terminal_report import results_table

    if answer.as_json:
        answer.give(facts(load) | {"report": report and str(report)})
    else:
        Console(highlight=False).print(results_table(load))
    if report:
        answer.note(f"report: {report}")
