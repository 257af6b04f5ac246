"""Command `faults`: which faults disturb the local stack, and their end."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json

if TYPE_CHECKING:
    from lastwish.local.faults import Active

app = typer.Typer()


@app.command()
def faults(
    end: Annotated[bool, typer.Option("--end", help="End them all.")] = False,
    as_json: Json = False,
) -> None:
    """List the faults that disturb the local stack now. Each ends by itself; a drill injects them."""
    from lastwish.local import faults as injected
    from lastwish.site import LocalSite

    with Answer(as_json) as answer:
        aws = LocalSite().state.aws
        active = injected.active(aws)
        lines = [_line(each) for each in active] or ["no fault disturbs the stack"]
        if end:
            lines = [f"{injected.end(aws)} ended", *(lines if active else [])]
        answer.give({"ended": end, "faults": [asdict(each) for each in active]}, *lines)


def _line(active: "Active") -> str:
    fault = active.fault
    what = fault.caller if fault.of_invocations else f"{fault.caller} → {fault.service}.{fault.operation}"
    on = f" on {fault.resource}" if fault.resource else ""
    how = f"{fault.rate:.0%} of them, " if fault.rate < 1 else ""
    kind = f"{fault.kind} ({fault.error})" if fault.error else fault.kind
    return f"{fault.label}: {kind} {what}{on}, {how}{active.hits} hit, {active.seconds_left:.0f} s left"
