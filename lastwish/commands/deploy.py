"""Commands `deploy`, `deploys`, `rollback`, `stop`, `teardown`: an environment, on AWS or rehearsed here."""

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json

if TYPE_CHECKING:
    from lastwish.shipping.deploying.deployments import Deployments
    from lastwish.shipping.deploying.history import Record
    from lastwish.shipping.deploying.steps import Question

app = typer.Typer()

Environment = Annotated[
    str, typer.Argument(metavar="ENV", help="dev, prod, …: see samconfig.toml; local: a rehearsal.")
]
Confirm = Annotated[
    str | None, typer.Option(metavar="ENV", help="Confirm with the environment's name, instead of being asked.")
]


@app.command()
def deploy(
    env: Environment,
    adopt: Annotated[bool, typer.Option("--adopt", help="Take over the tables that a deleted stack left.")] = False,
    push: Annotated[bool, typer.Option("--push", help="Push the tag to origin.")] = False,
    confirm: Confirm = None,
    as_json: Json = False,
) -> None:
    """Deploy what is checked out: show the changes, ask, go on where it failed before."""
    with Answer(as_json) as answer:
        _give(answer, _deployments(env, answer, confirm).deploy(adopt=adopt, push=push))


@app.command()
def rollback(env: Environment, confirm: Confirm = None, as_json: Json = False) -> None:
    """Go back to the last good deploy."""
    with Answer(as_json) as answer:
        _give(answer, _deployments(env, answer, confirm).rollback())


@app.command()
def stop(
    env: Environment,
    force: Annotated[bool, typer.Option("--force", help="Take the lock away, too: its process is dead.")] = False,
    as_json: Json = False,
) -> None:
    """Stop the deploy that runs, and let its stack go back."""
    with Answer(as_json) as answer:
        holder = _deployments(env, answer, None).stop(force=force)
        answer.give({"stopped": holder.facts()}, f"asked to stop: {holder.words()}; see `lastwish deploys {env}`")


@app.command()
def teardown(
    env: Environment,
    forget: Annotated[bool, typer.Option("--forget", help="Delete the history and its tags, too.")] = False,
    confirm: Confirm = None,
    as_json: Json = False,
) -> None:
    """Delete an environment, after asking. A prod stack leaves its tables: `deploy --adopt` takes them over."""
    with Answer(as_json) as answer:
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
        lines = [_line(each) for each in records] or [f"nothing was deployed to {env}: lastwish deploy {env}"]
        answer.give({**facts, "holder": holder.facts() if holder else None}, *lines)
        if holder:
            answer.note(f"locked: {holder.words()}")


def _deployments(env: str, answer: Answer, typed: str | None) -> "Deployments":
    from lastwish.shipping.deploying.deployments import Deployments
    from lastwish.shipping.deploying.environment import find

    def confirm(question: "Question") -> bool:
        return _confirm(question, typed, answer)

    return Deployments(find(env), getpass.getuser(), answer.note, confirm)


def _confirm(question: "Question", typed: str | None, answer: Answer) -> bool:
    """Ask at the terminal; nowhere else: there the name has to be an option."""
    answer.note(f"{question.title}:")
    for line in question.words:
        answer.note(f"  {line}")
    if typed is None and sys.stdin.isatty() and not answer.as_json:
        if not question.by_name:
            return typer.confirm("Go on?", err=True)
        typed = typer.prompt(f"Type {question.environment} to go on", err=True)
    if typed is None:
        answer.note("nobody can be asked here: --confirm with the environment's name does it")
    return typed == question.environment


def _give(answer: Answer, record: "Record") -> None:
    answer.give(record.facts(), record.words)


def _line(record: "Record") -> str:
    return f"{record.number:>4}  {record.started}  {record.user}  {record.kind} {record.outcome}: {record.words}"
