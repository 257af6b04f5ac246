"""Commands `operator add`, `remove`, `list`: the accounts that may use the console."""

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack

if TYPE_CHECKING:
    from lastwish.aws.operators import Operator, Operators
    from lastwish.site import Site

app = typer.Typer(name="operator", no_args_is_help=True, help="Manage the accounts that may use the console.")


def _one_word(name: str) -> str:
    if not re.fullmatch(r"[\w.@+-]{1,128}", name):  # Cognito refuses spaces, and others are hard to type on stage
        raise typer.BadParameter("a name is one word of letters, digits and . @ + - _")
    return name


Name = Annotated[str, typer.Argument(metavar="NAME", callback=_one_word, help="Name to sign in with.")]


@app.command()
def add(name: Name, stack: Stack = None, as_json: Json = False) -> None:
    """Create an account and print its new password, once. An earlier password of the same name stops working."""
    from lastwish.site import site

    with Answer(as_json) as answer:
        here = site(stack)
        operator, new = _operators(here).add(name)
        _remember(here, name, operator)
        words = "may use the console" if new else "had an account already and has a new password"
        answer.give({**asdict(operator), "new": new}, f"{name} {words}: {operator.password}")


@app.command()
def remove(name: Name, stack: Stack = None, as_json: Json = False) -> None:
    """Remove an account. Open sessions last until their token expires, up to hours later."""
    from lastwish.site import site

    with Answer(as_json) as answer:
        here = site(stack)
        _operators(here).remove(name)
        _remember(here, name, None)
        answer.give({"username": name, "removed": True}, f"{name} may not sign in any more")


@app.command("list")
def list_(stack: Stack = None, as_json: Json = False) -> None:
    """List the accounts that may use the console."""
    from lastwish.site import site

    with Answer(as_json) as answer:
        names = _operators(site(stack)).names()
        answer.give({"operators": names}, *(names or ["nobody may use the console: `lastwish operator add NAME`"]))


def _operators(here: "Site") -> "Operators":
    from lastwish.aws.operators import Operators

    return Operators(here.client("cognito-idp"), here.outputs)


def _remember(here: "Site", name: str, operator: "Operator | None") -> None:
    """Update what `status` shows of the account that `up` made."""
    from lastwish.site import LocalSite

    if isinstance(here, LocalSite):
        here.remember(name, operator)
