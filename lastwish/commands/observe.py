"""Commands `trace` and `logs`: look at one wish, or around a moment."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack, WishId, as_wish_id
from lastwish.errors import UsageError

if TYPE_CHECKING:
    from mission.log_lines import Line

app = typer.Typer()

_LEVELS = {"ERROR": "bold red", "CRITICAL": "bold red", "WARNING": "yellow", "PLATFORM": "dim", "METRICS": "dim"}
_AGES = (1970, 9000)  # years


@app.command()
def trace(
    wish_id: WishId,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the trace to be complete.")] = 10,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Show a wish's way through the chain as a waterfall, and each error with its stack."""
    from lastwish.observe import traces
    from lastwish.observe.waterfall import show
    from lastwish.site import site

    with Answer(as_json) as answer:
        wish_id = as_wish_id(wish_id)
        source = traces.source(site(stack))
        with source.http:
            found = traces.wait_for(source, wish_id, timeout)
        if as_json:
            answer.give(found)
        else:
            show(Console(highlight=False), found)


@app.command()
def logs(  # noqa: PLR0917 - typer reads them as options
    what: Annotated[
        list[str] | None, typer.Argument(metavar="[WISH_ID] [±SPAN]", help="A wish; a span around the moment.")
    ] = None,
    around: Annotated[str | None, typer.Option(help="A moment: 10:42:07 today, ISO 8601, or now.")] = None,
    window: Annotated[str, typer.Option(help="Span around it, as ±3s, 500ms or 2m.")] = "±3s",
    grep: Annotated[str, typer.Option(help="Show only lines with this text, in upper or lower case.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Add Lambda's own lines and metrics.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many lines, the earliest.")] = 1000,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Show what all functions logged about a wish, or around a moment, in the order of time."""
    from lastwish.observe import logs as log_search
    from lastwish.site import site
    from mission.log_search import Query

    with Answer(as_json) as answer:
        wish_id, start, end = _parse_query(what or [], around, window)
        query = Query(wish_id, start, end, grep, everything, limit)
        lines, more = log_search.search(log_search.source(site(stack)), query)
        if as_json:
            answer.give({"lines": [line.document() for line in lines], "more": more})
        else:
            _show(lines)
        if more:
            answer.note(f"there were more than {limit} lines: these are the earliest; narrow it down, or --limit more")
        elif not lines:
            answer.note("nothing was logged that fits")


def _parse_query(
    what: list[str], around: str | None, window: str
) -> tuple[str | None, datetime | None, datetime | None]:
    """Return the wish, and the first and last moment."""
    from lastwish.observe.moments import is_span, moment, span

    spans, wishes = [each for each in what if is_span(each)], [each for each in what if not is_span(each)]
    if len(spans) > 1 or len(wishes) > 1 or not (wishes or around) or (spans and not around):
        raise UsageError('say a wish id, or --around TIME, for instance: lastwish logs --around "10:42:07" ±3s')
    wish_id = as_wish_id(wishes[0]) if wishes else None
    if around is None:
        return wish_id, None, None
    try:
        middle, far = moment(around, datetime.now().astimezone()), span(spans[0] if spans else window)
        if not _AGES[0] < middle.year < _AGES[1]:
            raise UsageError(f"{around!r} is no moment in which anything was logged")
        return wish_id, middle - far, middle + far
    except (ValueError, OverflowError) as error:
        raise UsageError(str(error)) from None


def _show(lines: "list[Line]") -> None:
    from lastwish.aws.log_facts import words

    console = Console(highlight=False, soft_wrap=True)
    days = {line.time.astimezone().date() for line in lines}
    times = "%H:%M:%S.%f" if days <= {datetime.now().astimezone().date()} else "%Y-%m-%d %H:%M:%S.%f"
    for line in lines:
        at = line.time.astimezone().strftime(times)[:-3]
        style = _LEVELS.get(line.level, "")
        parts = (
            (f"{at} ", "dim"),
            (f"{line.service:<9} ", "bold"),
            (f"{line.level:<8} ", style),
            (line.message, style),
        )
        facts = words(line)
        console.print(Text.assemble(*parts, (f"  {facts}" if facts else "", "dim")))
