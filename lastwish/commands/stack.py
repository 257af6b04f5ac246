"""Commands `up`, `down`, `status`, `reset`, `retry`: the stack on this laptop."""

import os
import sys
import webbrowser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack

app = typer.Typer()


@app.command()
def up(  # noqa: PLR0917 - typer reads them as options
    detach: Annotated[bool, typer.Option("--detach", help="Leave it running in the background.")] = False,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the pages and the API, 8045 at first; 0: a free one."),
    ] = None,
    lan: Annotated[bool, typer.Option("--lan", help="Serve the audience's pages to phones in this network.")] = False,
    address: Annotated[str | None, typer.Option(help="With --lan: serve at this address, e.g. 192.168.1.20.")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page in a browser.")] = False,
    as_json: Json = False,
) -> None:
    """Start the local stack and deploy the template to it. Puts back the wishes of a stack that crashed."""
    from lastwish.local import foreground
    from lastwish.local.stack import LocalStack
    from lastwish.local.state import Home, State

    if address and not lan:
        raise typer.BadParameter("it goes with --lan", param_hint="--address")
    with Answer(as_json) as answer:
        local = LocalStack(Home.from_environment())
        former = local.home.load()
        known = former.restarts if former else ()

        def start() -> State:
            return local.up(port, _phone_address(address) if lan else None, partial(_step, answer), detach=detach)

        def announce(state: State) -> None:
            hint = (
                "`lastwish down` stops it and deletes its wishes" if detach else "Ctrl-C stops it and keeps its wishes"
            )
            done = [f"{each.time}: {each}" for each in state.restarts if each not in known]
            lines = [*_addresses(state.facts()), *done, f"{hint}."]
            answer.give(state.facts(), f"Last Wish runs at {state.url}", *lines)
            if not as_json:
                _show_qr(answer, state.lan)
            if not as_json and not no_open:
                _open(state.url)

        if ended := foreground.run(local, start, announce, None if detach else answer.note):
            answer.note(ended)


def _phone_address(requested: str | None) -> str:
    from lastwish.local.network import phone_address

    return phone_address(requested)


def _addresses(facts: dict[str, Any]) -> list[str]:
    """Addresses of a stack's pages, and the account for the console, in lines for a person."""
    account = facts["operator"]
    sign_in = f" (sign in as {account['username']}, {account['password']})" if account else ""
    return [
        f"wall:    {facts['wall']}",
        f"console: {facts['console']}{sign_in}",
        *([f"phones:  {facts['lan']}"] if facts["lan"] else []),
    ]


def _restarts(facts: dict[str, Any]) -> list[str]:
    """How often each part was started again, and the last time in words, a line for each."""
    last = {each["part"]: each for each in facts.get("restarts", [])}
    times = Counter(each["part"] for each in facts.get("restarts", []))
    return [
        f"{part}: {times[part]} restart{'s' * (times[part] > 1)}, the last at {each['time']}, "
        f"since it {each['why']}: {each['result']}"
        for part, each in last.items()
    ]


def _show_qr(answer: Answer, url: str | None) -> None:
    """Draw the form's address for phones, white on black in every terminal."""
    if url:
        from lastwish.local.network import qr

        answer.console.print(qr(url), style="bright_white on black", markup=False)


@app.command()
def down(as_json: Json = False) -> None:
    """Stop the local stack, and delete its wishes and accounts."""
    from lastwish.local.stack import LocalStack
    from lastwish.local.state import Home

    with Answer(as_json) as answer:
        stopped = LocalStack(Home.from_environment()).down()
        words = f"stopped: {', '.join(stopped)}" if stopped else "nothing was running"
        answer.give({"running": False, "stopped": stopped}, words)


@app.command()
def status(stack: Stack = None, as_json: Json = False) -> None:
    """Report what runs. Exit code 0 when all of it is healthy."""
    from lastwish.site import site

    with Answer(as_json) as answer:
        here = site(stack)
        facts, health = here.facts(), here.health()
        healthy = set(health.values()) <= {"ok"}
        lines = _addresses(facts) + [f"{name}: {words}" for name, words in health.items()] + _restarts(facts)
        answer.give({"running": healthy, **facts, "health": health}, str(facts["url"]), *lines)
        if not healthy:
            raise typer.Exit(1)


@app.command()
def reset(
    measurements: Annotated[
        bool,
        typer.Option("--measurements", help="Clear metrics, logs, traces and alarms' states instead; wishes stay."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Empty queues, tables, traces and journal of the local stack, begin a new ledger; accounts, metrics, logs stay."""
    from lastwish.local import reset as emptying
    from lastwish.site import LocalSite

    with Answer(as_json) as answer:
        here = LocalSite()
        gone = emptying.measurements(here.state) if measurements else emptying.reset(here.state, here.home)
        words = ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in gone.items())
        kept = "wishes" if measurements else "operators' accounts"
        answer.give({"running": True, **gone}, f"empty: {words} gone; {kept} stay")


@app.command()
def retry(stack: Stack = None, as_json: Json = False) -> None:
    """Make what waits in Inbox and Pods visible now; on AWS, where nobody can, say until when it waits."""
    from lastwish.maintenance import retry as retrying
    from lastwish.site import site

    with Answer(as_json) as answer:
        waiting = retrying.retry(site(stack))
        answer.give(waiting.facts(), waiting.words())


@contextmanager
def _step(answer: Answer, words: str) -> Iterator[None]:
    """Show a step while it runs, and its duration when it is done."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text

    spinner = SpinnerColumn(finished_text="✓")
    columns = (spinner, TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=answer.console) as progress:
        task = progress.add_task(words, total=1)
        try:
            yield
        except BaseException:
            spinner.finished_text = Text("✗")
            raise
        finally:
            progress.update(task, completed=1)


def _open(url: str) -> None:
    """Open a page in a browser, but not in CI, and not where a text browser could take over the terminal."""
    has_screen = sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if has_screen and not os.environ.get("CI"):
        webbrowser.open(url)
