"""Command `cost`: what the last hours used and cost, what a million wishes would cost, and what would be cheaper."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack

if TYPE_CHECKING:
    from lastwish.observe.bill import Bill

app = typer.Typer()


@app.command()
def cost(
    hours: Annotated[float, typer.Option(min=1, max=336, help="How far to look back.")] = 24,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Show what each function used, what it costs at AWS's prices, and what would be cheaper."""
    from lastwish.observe import bill, usage
    from lastwish.site import site

    with Answer(as_json) as answer:
        here = site(stack)
        found = bill.of(usage.read(here, timedelta(hours=hours)))
        answer.give({"hours": hours} | asdict(found), *_lines(found, hours))
        if not here.on_aws:
            answer.note("Times are a laptop's, not AWS's. It has no metric for what is ? or estimated: docs/cost.md.")


def _lines(found: "Bill", hours: float) -> Iterator[str]:
    yield f"{found.wishes:,} wishes in {hours:g} hours: ${found.dollars:.6f} at AWS's prices"
    if found.per_million is not None:
        yield f"a million like these: ${found.per_million:,.2f}"
    for each in found.functions:
        mean = 1000 * each.seconds / each.invocations
        yield (
            f"  {each.service:<9} {each.invocations:>9,} runs of {mean:6.1f} ms, {_known(each.concurrency)} at once,"
            f" {_known(each.used_mb)} of {each.memory_mb} MB, {each.architecture}"
        )
    for item in found.items:
        how = " (estimated)" if item.quantity is not None and not item.measured else ""
        yield f"  ${item.dollars:.6f} {item.name}: {_known(item.quantity)}{how}"
    for advice in found.advice:
        yield f"${advice.dollars:.6f} less: {advice.about}: {advice.do}; but {advice.but} ({advice.source})"


def _known(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"
