"""Commands `show`, `record`, `play`: a talk by its cue sheet, and a recorded hour for when the network dies."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json
from lastwish.commands.preflight import give_checks
from lastwish.errors import UsageError

if TYPE_CHECKING:
    from lastwish.local.state import Home
    from lastwish.show.performance import Performance

app = typer.Typer()

Recording = Annotated[Path, typer.Argument(metavar="FILE", help="The recording: it holds what people typed.")]
Speed = Annotated[float, typer.Option(min=0.1, max=1000, help="How many times as fast.")]


@app.command()
def show(  # noqa: PLR0917 - typer reads them as options
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Cue sheet, for example shows/incident.yaml.")],
    check: Annotated[bool, typer.Option("--check", help="Check the sheet and this place; begin nothing.")] = False,
    auto: Annotated[bool, typer.Option("--auto", help="Dry run without keys; fails where a cue is not seen.")] = False,
    phones: Annotated[bool, typer.Option("--phones/--no-phones", help="Whether there is a hall with phones.")] = True,
    start: Annotated[str | None, typer.Option("--from", help="Name of the cue to begin with.")] = None,
    speed: Speed = 1,
    as_json: Json = False,
) -> None:
    """Perform a talk by its cue sheet on the stack that runs here: it breaks things, and mends them."""
    from lastwish.local import interrupts
    from lastwish.preflight.check import run
    from lastwish.show.check import Rehearsal
    from lastwish.show.clock import Clock
    from lastwish.show.performance import Performance
    from lastwish.show.sheet import read
    from lastwish.show.sights import Sights
    from lastwish.show.stagehand import Stagehand
    from lastwish.site import LocalSite

    with Answer(as_json) as answer:
        sheet = read(file)
        number = sheet.number(start) if start else 0
        site = LocalSite()
        results = run(Rehearsal(sheet, site, phones).checks())
        if check or not all(each.ok for each in results):
            raise typer.Exit(not give_checks(answer, results, minutes=sheet.minutes))
        ended = interrupts.ending("the show was interrupted: its faults and loads have ended")
        with site.home.breaking(), ended, Stagehand(site, sheet, hall=phones) as hand:
            performance = Performance(sheet, hand, Sights(site), Clock(sheet, speed), number, auto)
            _perform(performance, site.home, answer)
        lines = performance.missed or ["the show is over"]
        answer.give({"ok": not performance.missed, "missed": performance.missed}, *lines)
        raise typer.Exit(bool(performance.missed))


def _perform(performance: "Performance", home: "Home", answer: Answer) -> None:
    """Show the presenter's view until the show is over."""
    from rich.console import Console
    from rich.live import Live

    from lastwish.local import stage
    from lastwish.show.prompter import Key, pressed, terminal, view

    with terminal() as can_press:
        if not (can_press or performance.is_automatic):
            raise UsageError("a show needs a terminal for its keys: --auto does without")
        with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
            performance.begin()
            shown = None
            while not performance.is_over:
                with performance.noting(is_fine=True):
                    for order in stage.take_orders(home):
                        performance.press(Key[order.upper()])
                if key := pressed(0.2, can_press):
                    performance.press(key)
                performance.tick()
                if (facts := performance.facts()) != shown:
                    if not (can_press or (shown and shown["number"] == facts["number"])):
                        answer.note(f"{facts['number']}/{facts['of']} {facts['cue']['title']}")
                    shown = facts
                    live.update(view(facts), refresh=True)
                    with performance.noting(is_fine=True):
                        stage.put(home, show=facts)


@app.command()
def record(file: Recording, as_json: Json = False) -> None:
    """Record what was sent to the stack of this laptop since its last reset, with its times, into a new file."""
    from lastwish.local.state import Home
    from lastwish.show import tape

    with Answer(as_json) as answer:
        recorded = tape.requests(Home.from_environment())
        tape.write(file, recorded)
        seconds = round(recorded[-1].at) if recorded else 0
        words = f"{len(recorded)} wishes in {seconds} s are in {file}, with what people typed: keep it to yourself"
        answer.give({"wishes": len(recorded), "seconds": seconds, "file": str(file)}, words)


@app.command()
def play(file: Recording, speed: Speed = 1, as_json: Json = False) -> None:
    """Send a recording to the stack of this laptop, with its gaps."""
    from lastwish.load import guard
    from lastwish.local import interrupts
    from lastwish.show import tape
    from lastwish.site import LocalSite

    with Answer(as_json) as answer:
        guard.check_packages()
        recorded = tape.read(file)
        url = LocalSite().url
        answer.note(f"{len(recorded)} wishes in {recorded[-1].at / speed:.0f} s; Ctrl-C ends it")
        with interrupts.ending("interrupted: a recording that is played again sends the same wishes"):
            accepted = tape.play(recorded, url, speed)
        words = f"{accepted} of {len(recorded)} wishes were accepted"
        answer.give({"wishes": len(recorded), "accepted": accepted}, words)
        raise typer.Exit(accepted < len(recorded))


@app.command()
def injection(as_json: Json = False) -> None:
    """Print the address of the page with the best attempts at HTML injection, for operators on this machine."""
    from lastwish.local.proxy.injection import path
    from lastwish.site import LocalSite

    with Answer(as_json) as answer:
        state = LocalSite().state
        url = state.url + path(state.key)
        answer.give({"url": url}, url)
