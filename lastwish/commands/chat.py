"""Command `chat`: deploys, alarms and drills in Slack."""

import time
from importlib.util import find_spec
from pathlib import Path
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
        from lastwish.shipping.chat.app import EVERY, connected

        with connected(people, ROOT, answer.note) as (facts, socket):
            answer.give(facts, f"{facts['name']} is in {facts['team']}; Ctrl-C ends it")
            there = True
            while True:
                if there != (there := socket.is_connected()):
                    answer.note("connected again" if there else "the connection to Slack is gone: trying again")
                time.sleep(EVERY)
