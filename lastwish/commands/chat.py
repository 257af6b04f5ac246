"""Command `chat`: deploys, alarms and drills in Slack."""

from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json
from lastwish.errors import ShippingNotInstalled

app = typer.Typer()


@app.command()
def chat(
    people: Annotated[Path, typer.Argument(help="Who may do what, as docs/chat.md shows it.")] = Path("chat.toml"),
    as_json: Json = False,
) -> None:
    """Serve Slack's `/lastwish deploy|status|history|rollback|stop ENV` until Ctrl-C. Tokens: docs/chat.md."""
    from lastwish.local.interrupts import ending
    from lastwish.local.state import ROOT

    with Answer(as_json) as answer, ending("the chat has ended"):
        if find_spec("slack_bolt") is None:
            raise ShippingNotInstalled("the chat needs Slack's SDK: run `make setup`")
        from lastwish.shipping.chat.app import connected

        with connected(people, ROOT, answer.note) as (facts, _):
            answer.give(facts, f"{facts['name']} is in {facts['team']}; Ctrl-C ends it")
            Event().wait()
