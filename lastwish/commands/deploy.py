"""Commands `deploy`, `deploys`, `rollback`, `stop`, `teardown`: an environment, on AWS or rehearsed here."""

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json
from lastwish.local.interrupts import ending

if TYPE_CHECKING:
    from lastwish.shipping.deploying.deployments import Deployments
    from lastwish.shipping.deploying.history import Record
    from lastwish.shipping.deploying.steps import Question

app = typer.Typer()

_STOPPED = "stopped, the lock is free again; the same command goes on where this one ended"

Environment = Annotated[
    str, typer.Argument(metavar="ENV", help="dev, prod, …: see samconfig.toml; local: a rehearsal.")
]
Confirm = Annotated[
    str | None, typer.Option(metavar="ENV", help="Confirm with the environment's name, instead of being asked.")
]
AcceptLosses = Annotated[
    bool, typer.Option("--accept-losses", help="With --confirm: also where a table or another store would be lost.")
]


@app.command()
def deploy(  # noqa: PLR0917 - typer reads them as options
    env: Environment,
    adopt: Annotated[bool, typer.Option("--adopt", help="Take over the tables that a deleted stack left.")] = False,
    push: Annotated[bool, typer.Option("--push", help="Push the tag to origin.")] = False,
    confirm: Confirm = None,
    accept_losses: AcceptLosses = False,
    as_json: Json = False,
) -> None:
    """Deploy what is checked out: show the changes, ask, go on where it failed before."""
    with Answer(as_json) as answer, ending(_STOPPED):
        _give(answer, _deployments(env, answer, confirm, accept_losses).deploy(adopt=adopt, push=push))


@app.command()
def rollback(
    env: Environment, confirm: Confirm = None, accept_losses: AcceptLosses = False, as_json: Json = False
) -> None:
    """Go back to the last good deploy."""
    with Answer(as_json) as answer, ending(_STOPPED):
        _give(answer, _deployments(env, answer, confirm, accept_losses).rollback())


@app.command()
def stop(
    env: Environment,
    force: Annotated[bool, typer.Option("--force", help="Take the lock away, too: its process is dead.")] = False,
    as_json: Json = False,
) -> None:
    """Stop the deploy that runs. A stack that is being changed goes back."""
    with Answer(as_json) as answer:
        holder = _deployments(env, answer, None).stop(force=force)
        done = "took away the lock" if force else "asked to stop the deploy"
        answer.give({"stopped": holder.facts()}, f"{done}: {holder.words()}; see `lastwish deploys {env}`")


@app.command()
def teardown(
    env: Environment,
    forget: Annotated[bool, typer.Option("--forget", help="Delete the history and its tags, too.")] = False,
    confirm: Confirm = None,
    as_json: Json = False,
) -> None:
    """Delete an environment, after asking. A prod stack leaves its tables: `deploy --adopt` takes them over."""
    with Answer(as_json) as answer, ending(_STOPPED):
        _give(answer, _deployments(env, answer, confirm).teardown(forget=forget))


@app.command()
def deploys(
    env: Environment,
    last: Annotated[int, typer.Option(min=0, help="How many; 0: all.")] = 20,
    as_json: Json = False,
) -> None:
    """List what was deployed, rolled back and torn down: who, when, what, and how it ended."""
    with Answer(as_json) as answer:
        here = _deployments(env, answer, None)
        records, holder = here.all(last), here.holder()
        facts = {"environment": env, "deploys": [each.facts() for each in records]}
        lines = [each.line() for each in records] or [f"nothing was deployed to {env}: lastwish deploy {env}"]
        answer.give({**facts, "holder": holder.facts() if holder else None}, *lines)
        if holder:
            answer.note(f"locked: {holder.words()}")


def _deployments(env: str, answer: Answer, given: str | None, accept_losses: bool = False) -> "Deployments":
    from lastwish.shipping.deploying.deployments import Deployments
    from lastwish.shipping.deploying.environment import find

    def confirm(question: "Question") -> bool:
        return _confirm(question, given, accept_losses or not question.losses, answer)

    return Deployments(find(env), getpass.getuser(), answer.note, confirm)


def _confirm(question: "Question", given: str | None, is_enough: bool, answer: Answer) -> bool:
    """Ask at the terminal; nowhere else: there the name has to be an option, and that losses are meant another."""
    answer.note(f"{question.title}:")
    for line in question.words:
        answer.note(f"  {line}")
    if given and is_enough:
        return given == question.environment
    if sys.stdin.isatty() and not answer.as_json:
        try:
            if not question.by_name:
                return typer.confirm("Go on?", err=True)
            return bool(typer.prompt(f"Type {question.environment} to go on", err=True) == question.environment)
        except typer.Abort:  # Ctrl-C, or the end of what is typed, is a no
            return False
    more = "" if is_enough else ", and --accept-losses, since something would be lost"
    answer.note(f"nobody can be asked here: it takes --confirm with the environment's name{more}")
    return False


def _give(answer: Answer, record: "Record") -> None:
    answer.give(record.facts(), record.words)
