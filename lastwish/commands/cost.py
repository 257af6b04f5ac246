"""Command `cost`: what the last hours used and cost, what a million wishes would cost, and what would be cheaper."""

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.text import Text

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack
from lastwish.errors import CommandError, UsageError

if TYPE_CHECKING:
    from lastwish.observe.bill import Bill

app = typer.Typer()

_EVERY, _EVERY_ON_AWS = 5.0, 60.0  # seconds; CloudWatch has new points once a minute, and is paid by the look


@app.command()
def cost(
    hours: Annotated[float, typer.Option(min=1, max=336, help="How far to look back.")] = 24,
    minutes: Annotated[int | None, typer.Option(min=1, help="The same in minutes, in place of --hours.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Show it anew every few seconds, until Ctrl-C.")] = False,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Show what each function used, what it costs at AWS's prices, and what would be cheaper."""
    from lastwish.observe import bill, usage
    from lastwish.observe.bill_view import view
    from lastwish.site import site

    span = timedelta(minutes=minutes) if minutes else timedelta(hours=hours)
    words = f"{minutes} min" if minutes else f"{hours:g} h"

    def read() -> "Bill":
        return bill.of(usage.read(site(stack), span))  # a new site: the engine may have been started again

    with Answer(as_json) as answer:
        console = Console(highlight=False)
        if follow and (as_json or not console.is_terminal or console.is_dumb_terminal):
            raise UsageError("--follow is for a person at a terminal: without it the same is said once")
        if follow:
            _follow(console, lambda: view(read(), words, bool(stack)), _EVERY_ON_AWS if stack else _EVERY)
        elif as_json:
            answer.give({"hours": span.total_seconds() / 3600, "on_aws": bool(stack)} | asdict(read()))
        else:
            console.print(view(read(), words, bool(stack)))


def _follow(console: Console, look: Callable[[], RenderableType], seconds: float) -> None:
    """Show what `look` returns on the whole screen until Ctrl-C, which is its end; then what was seen last stays."""
    from rich.live import Live

    from lastwish.local import interrupts

    seen = look()
    try:
        with interrupts.interruptible(), Live(seen, console=console, screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(seconds)
                try:
                    seen = shown = look()
                except CommandError as error:  # something breaks in a show: what was seen last stays, and it goes on
                    shown = Group(Text(str(error), style="red"), seen)
                live.update(shown, refresh=True)
    except KeyboardInterrupt:
        console.print(seen)
