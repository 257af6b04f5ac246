"""`lastwish`: what the operator types. A command parses, calls and answers; the modules it calls do the work."""

import logging
from enum import StrEnum
from typing import Annotated

import typer

from lastwish import __version__
from lastwish.commands.answer import Answer
from lastwish.commands.load import loader
from lastwish.commands.maintenance import operator
from lastwish.commands.observe import observer
from lastwish.commands.operators import accounts
from lastwish.commands.options import Json, Stack
from lastwish.commands.stack import laptop, signposts

app = typer.Typer(
    name="lastwish",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(laptop)
app.add_typer(operator)
app.add_typer(observer)
app.add_typer(loader)
app.add_typer(accounts)


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
def status(stack: Stack = None, as_json: Json = False) -> None:
    """Say what runs. Exit code 0 when all of it is healthy."""
    with Answer(as_json) as answer:
        facts, health = _status_on_aws(stack) if stack else _status_here()
        healthy = set(health.values()) <= {"ok"}
        lines = signposts(facts) + [f"{name}: {words}" for name, words in health.items()]
        answer.give({"running": healthy, **facts, "health": health}, str(facts["url"]), *lines)
        if not healthy:
            raise typer.Exit(1)


def _status_here() -> tuple[dict[str, object], dict[str, str]]:
    from lastwish.local.health import health
    from lastwish.local.stack import LocalStack
    from lastwish.local.state import Home

    home = Home.from_environment()
    state = LocalStack(home).running()
    return state.facts(), health(home, state)


def _status_on_aws(name: str) -> tuple[dict[str, object], dict[str, str]]:
    from lastwish.aws import clients as aws
    from lastwish.local.proxy.process import health

    state, outputs = aws.describe_stack(aws.aws_client("cloudformation"), name)
    url = aws.api_url_of(name, outputs)
    facts: dict[str, object] = {"url": url, "wall": url + "wall", "console": url + "console", "lan": None}
    facts |= {"operator": None, "engine": None, "outputs": outputs, "pids": {}}
    return facts, {"stack": "ok" if state.endswith("_COMPLETE") else f"is {state}", "api": health(url)}


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
        from lastwish.aws.clients import api_url

        return api_url(stack)
    from lastwish.local.stack import LocalStack
    from lastwish.local.state import Home

    return LocalStack(Home.from_environment()).running().url


def main() -> None:
    """Entry point of the console script."""
    # The client's retries are expected in a crowd; their log lines would look like failures.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    app()
