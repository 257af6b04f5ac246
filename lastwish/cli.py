"""`lastwish`: what the operator types. A command parses, calls and answers; the modules it calls do the work."""

import logging
import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from lastwish import __version__
from lastwish.answer import Answer
from lastwish.operating import operator
from lastwish.options import Json, Stack

app = typer.Typer(
    name="lastwish",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.add_typer(operator)


class Destination(StrEnum):
    """Where the ships go."""

    MARS = "mars"
    JUPITER = "jupiter"


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _lastwish(
    _show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Last Wish: an event-sourced message pipeline, on this laptop or on AWS."""


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Leave it running in the background.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the pages and the API; 0: a free one.")] = 8045,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page in a browser.")] = False,
    as_json: Json = False,
) -> None:
    """Start the local stack and deploy the template to it."""
    from lastwish.local import stack
    from lastwish.local.state import Home

    with Answer(as_json) as answer:
        local = stack.LocalStack(Home.from_environment())
        state = stack.start(local, port, lambda words: _step(answer, words))
        hint = "`lastwish down` stops it" if detach else "Ctrl-C stops it"
        answer.give(state.facts(), f"Last Wish runs at {state.url}", f"{hint}.")
        if not as_json and not no_open:
            _open(state.url)
        if not detach:
            answer.note("stopped" if stack.stay(local) else "stopped from elsewhere")


@app.command()
def down(as_json: Json = False) -> None:
    """Stop the local stack."""
    from lastwish.local.stack import LocalStack
    from lastwish.local.state import Home

    with Answer(as_json) as answer:
        stopped = LocalStack(Home.from_environment()).down()
        words = f"stopped: {', '.join(stopped)}" if stopped else "nothing was running"
        answer.give({"running": False, "stopped": stopped}, words)


@app.command()
def status(stack: Stack = None, as_json: Json = False) -> None:
    """Say what runs. Exit code 0 when all of it is healthy."""
    with Answer(as_json) as answer:
        facts, health = _status_on_aws(stack) if stack else _status_here()
        healthy = set(health.values()) <= {"ok"}
        lines = [f"{name}: {words}" for name, words in health.items()]
        answer.give({"running": healthy, **facts, "health": health}, str(facts["url"]), *lines)
        if not healthy:
            raise typer.Exit(1)


def _status_here() -> tuple[dict[str, object], dict[str, str]]:
    from lastwish.local.stack import LocalStack
    from lastwish.local.state import Home

    local = LocalStack(Home.from_environment())
    state = local.running()
    return state.facts(), local.health(state)


def _status_on_aws(name: str) -> tuple[dict[str, object], dict[str, str]]:
    from lastwish import aws
    from lastwish.local.proxy_process import health

    state, outputs = aws.describe_stack(aws.aws_client("cloudformation"), name)
    url = aws.api_url_of(name, outputs)
    facts: dict[str, object] = {"url": url, "wall": url + "wall", "engine": None, "outputs": outputs, "pids": {}}
    return facts, {"stack": "ok" if state.endswith("_COMPLETE") else f"is {state}", "api": health(url)}


@app.command()
def reset(as_json: Json = False) -> None:
    """Empty all state of the local stack in seconds: queues, tables, ledger."""
    from lastwish.local import reset as emptying
    from lastwish.local.stack import LocalStack
    from lastwish.local.state import Home

    with Answer(as_json) as answer:
        home = Home.from_environment()
        gone = emptying.reset(LocalStack(home).running(), home)
        answer.give(
            {"running": True, **gone}, "empty: " + ", ".join(f"{n} {what}" for what, n in gone.items()) + " gone"
        )


@app.command()
def submit(  # noqa: PLR0917 - typer reads them as options
    text: Annotated[str, typer.Argument(help="The wish.")],
    to: Annotated[Destination, typer.Option("--to", help="Where its writer goes.")],
    name: Annotated[str | None, typer.Option(help="Who it is from.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds until the wish must have ended.")] = 60,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Send one wish and follow it until it ends."""
    from lastwish import client

    with Answer(as_json) as answer, client.http_client(_base_url(stack)) as http:
        journey = client.submit(http, text, to.value, name, timeout)
        seat = f" in seat {journey.seat}" if journey.seat is not None else ""
        reason = f" ({journey.reason})" if journey.reason else ""
        answer.give(
            journey.facts(),
            f"{journey.status}{seat}{reason} after {journey.elapsed_ms} ms",
            f"wish:  {http.base_url}wishes/{journey.wish_id}",
            f"trace: {journey.trace_id}",
        )


def _base_url(stack: str | None) -> str:
    if stack:
        from lastwish.aws import api_url

        return api_url(stack)
    from lastwish.local.stack import LocalStack
    from lastwish.local.state import Home

    return LocalStack(Home.from_environment()).running().url


@contextmanager
def _step(answer: Answer, words: str) -> Iterator[None]:
    """Show a step while it runs, and how long it took when it is done."""
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
    """Open a page in a browser: not in CI, and not where only a text browser could take over the terminal."""
    has_screen = sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if has_screen and not os.environ.get("CI"):
        webbrowser.open(url)


def main() -> None:
    """Entry point of the console script."""
    # The client's retries are expected in a crowd; their log lines would look like failures.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    app()
