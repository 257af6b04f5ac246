"""Command `submit`: send one wish and follow it to its end."""

from enum import StrEnum
from typing import Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack

app = typer.Typer()


class Destination(StrEnum):
    """A planet that the ships go to."""

    MARS = "mars"
    JUPITER = "jupiter"


@app.command()
def submit(  # noqa: PLR0917 - typer reads them as options
    text: Annotated[str, typer.Argument(help="Text of the wish.")],
    to: Annotated[Destination, typer.Option("--to", help="Destination of its writer.")],
    name: Annotated[str | None, typer.Option(help="Name of its writer.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds until the wish must have ended.")] = 60,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Send one wish and follow it until it ends."""
    from lastwish import client
    from lastwish.site import site

    with Answer(as_json) as answer, site(stack).http() as http:
        journey = client.submit(http, text, to.value, name, timeout)
        seat = f" in seat {journey.seat}" if journey.seat is not None else ""
        reason = f" ({journey.reason})" if journey.reason else ""
        answer.give(
            journey.facts(),
            f"{journey.status}{seat}{reason} after {journey.elapsed_ms} ms",
            f"wish:  {http.base_url}wishes/{journey.wish_id}",
            f"trace: {journey.trace_id}",
        )
