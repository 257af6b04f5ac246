"""Draw a bill in a terminal, what matters most at the top, so that a small one cuts the rest. Never by colour alone."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from lastwish.observe.bill import Bill

_LAPTOP = "* this laptop's, not AWS's: time, processes, most memory of one (docs/cost.md)"


def view(found: Bill, span: str, on_aws: bool) -> RenderableType:
    """Return the view of a bill, for a terminal of any width. ``span`` is how long it counts, as "24 h"."""
    million = f"{dollars(found.per_million)} for a million like these" if found.per_million is not None else ""
    wishes = f"  {found.wishes:,} wishes in the last {span}, at AWS's prices"
    parts: list[RenderableType] = [Text.assemble((dollars(found.dollars), "bold green"), wishes)]
    parts += [Text(million, style="bold green")] if million else []
    parts += ["", _functions(found, "" if on_aws else "*")]
    parts += [] if on_aws else [Text(_LAPTOP, style="dim")]
    parts += ["", _levers(found), "", _items(found)] if found.advice else ["", _items(found)]
    return Group(*parts, *_notes(found))


def _functions(found: Bill, mark: str) -> Table:
    table = _table("function", ">runs", f">mean{mark}", f">at once{mark}", f">memory{mark}", "architecture")
    for each in found.functions:
        mean = f"{1000 * each.seconds / each.invocations:,.0f} ms"
        memory = f"{_known(each.used_mb)} of {each.memory_mb} MB"
        table.add_row(each.service, f"{each.invocations:,}", mean, _known(each.concurrency), memory, each.architecture)
    return table


def _levers(found: Bill) -> Table:
    """Return what would be cheaper, the loudest lever first."""
    table = _table(">cheaper by", "lever", "where", "the loudest first")
    for number, each in enumerate(found.advice):
        table.add_row(dollars(each.dollars), each.rule, each.about, each.do, style="" if number else "bold yellow")
    return table


def _items(found: Bill) -> Table:
    table = _table(">costs", "for", ">how many", "")
    for item in found.items:
        how = "" if item.measured else "not measured" if item.quantity is None else "estimated"
        table.add_row(dollars(item.dollars), item.name, _known(item.quantity), how)
    return table


def _notes(found: Bill) -> Iterator[RenderableType]:
    """Yield once for each rule what it costs otherwise, and its source."""
    for rule, (but, source) in {each.rule: (each.but, each.source) for each in found.advice}.items():
        yield ""
        yield Text(f"{rule}: but {but}", style="dim")
        yield Text(source, style="dim")


def _table(*names: str) -> Table:
    """Return an empty table; a name that begins with ">" is that of a column of numbers."""
    columns = [
        Column(each[1:], justify="right", no_wrap=True) if each.startswith(">") else Column(each) for each in names
    ]
    return Table(*columns, box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")


def dollars(value: float) -> str:
    """Return small ones with their millionths."""
    return f"${value:,.2f}" if value >= 1 else f"${value:.6f}"


def _known(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"
