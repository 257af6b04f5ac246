"""Command `chat`: deploys, alarms and drills in Slack."""

from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json
from lastwish.errors import need

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
        need("the chat", "slack_bolt")
        from lastwish.shipping.chat.app import connected

        with connected(people, ROOT, answer.note) as (facts, _):
            answer.give(facts, f"{facts['name']} is in {facts['team']}; Ctrl-C ends it")
            Event().wait()
