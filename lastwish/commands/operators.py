"""The commands about who may use the console: operator add, remove, list. They parse, call and answer."""

import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack

if TYPE_CHECKING:
    from lastwish.aws.operators import Operator, Operators

accounts = typer.Typer(name="operator", no_args_is_help=True, help="Say who may use the console.")


def _one_word(name: str) -> str:
    if not re.fullmatch(r"[\w.@+-]{1,128}", name):  # Cognito refuses spaces, and others are hard to type on stage
        raise typer.BadParameter("a name is one word of letters, digits and . @ + - _")
    return name


Name = Annotated[str, typer.Argument(metavar="NAME", callback=_one_word, help="The name to sign in with.")]


@accounts.command()
def add(name: Name, stack: Stack = None, as_json: Json = False) -> None:
    """Let somebody use the console. Prints a new password, this once; who had one loses it."""
    with Answer(as_json) as answer:
        operator, new = _operators(stack).add(name)
        if not stack:
            _remember(name, operator)
        words = "may use the console" if new else "had an account already and has a new password"
        answer.give({**asdict(operator), "new": new}, f"{name} {words}: {operator.password}")


@accounts.command()
def remove(name: Name, stack: Stack = None, as_json: Json = False) -> None:
    """Let somebody use the console no more. Who is signed in stays so until the token ends, hours later."""
    with Answer(as_json) as answer:
        _operators(stack).remove(name)
        if not stack:
            _remember(name, None)
        answer.give({"username": name, "removed": True}, f"{name} may not sign in any more")


@accounts.command("list")
def list_(stack: Stack = None, as_json: Json = False) -> None:
    """Name everybody who may use the console."""
    with Answer(as_json) as answer:
        names = _operators(stack).names()
        answer.give({"operators": names}, *(names or ["nobody may use the console: `lastwish operator add NAME`"]))


def _operators(stack: str | None) -> "Operators":
    """Those of a stack on AWS, or of the one that runs here."""
    from lastwish.aws import operators
    from lastwish.local.stack import LocalStack
    from lastwish.local.state import Home

    if stack:
        return operators.on_aws(stack)
    state = LocalStack(Home.from_environment()).running()
    return operators.on_engine(state.engine, state.outputs)


def _remember(name: str, operator: "Operator | None") -> None:
    """Keep true what `status` says of the operator that `up` made."""
    from lastwish.local.state import Home

    home = Home.from_environment()
    state = home.load()
    if state and state.operator and state.operator.username == name:
        home.save(replace(state, operator=operator))
