"""Command `preflight`: is this place ready?"""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack
from lastwish.errors import NotRunning

if TYPE_CHECKING:
    from lastwish.preflight.check import Check

app = typer.Typer()

EVERYBODY, TEN_MINUTES = 65_000, 600.0  # the mission's people; `lastwish load --profile reinvent-65k` sends as they do


@app.command()
def preflight(
    wishes: Annotated[int | None, typer.Option(min=1, help="Planned wishes. With --stack 65,000 unless said.")] = None,
    over: Annotated[float, typer.Option(min=0.1, help="Seconds in which they are sent.")] = TEN_MINUTES,
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Here: send wishes for ten seconds to an empty stack.")
    ] = True,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Check whether an AWS account is ready for a stack, or this laptop for a hall. Exit code 1 when it is not."""
    with Answer(as_json) as answer:
        results = _on_aws(stack, wishes or EVERYBODY, over) if stack else _here(wishes, over, measure)
        if not give_checks(answer, results):
            raise typer.Exit(1)


def _on_aws(stack: str, wishes: int, over: float) -> "list[Check]":
    from lastwish.preflight.account import Account
    from lastwish.preflight.check import run
    from lastwish.preflight.load import PlannedLoad
    from lastwish.site import site

    account = Account(site(stack))
    return run({**account.checks(), **PlannedLoad(account, wishes, over).checks()})


def _here(wishes: int | None, over: float, measure: bool) -> "list[Check]":
    from lastwish.preflight.check import Check, run
    from lastwish.preflight.laptop import Laptop
    from lastwish.site import LocalSite

    try:
        laptop = Laptop(LocalSite(), wishes and wishes / over, measure)
    except NotRunning:
        return [Check("stack", False, "nothing is running: lastwish up --lan")]
    return run(laptop.checks())


def give_checks(answer: Answer, results: "list[Check]", **facts: object) -> bool:
    """Report checks, as JSON with these other facts. Returns whether all are well."""
    ok = all(each.ok for each in results)
    if answer.as_json:
        answer.give({"ok": ok, "checks": [each.facts() for each in results], **facts})
    else:
        _print(results)
    return ok


def _print(results: "list[Check]") -> None:
    """Print a line for each check, on stdout."""
    console = Console(highlight=False, soft_wrap=True)
    width = max(len(each.name) for each in results)
    for each in results:
        mark = ("ok  ", "green") if each.ok else ("no  ", "bold red")
        console.print(Text.assemble(mark, f"{each.name:<{width}}  {each.advice}"))
