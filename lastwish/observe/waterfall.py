"""Draw a trace as a waterfall in a terminal: name, offset, duration, a bar to scale. Never by colour alone."""

from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mission.log_lines import printable
from mission.waterfall import HOPS

_ONLY_FOR_OPERATORS = ("console", "mission")
CHAIN = tuple(hop for hop in HOPS if hop not in _ONLY_FOR_OPERATORS)
NARROWEST_BAR, WIDEST_BAR = 8, 60  # characters
ROOM_FOR_BOTH_TIMES = 56  # in a narrower terminal, how long it took says more


def show(console: Console, trace: dict[str, Any]) -> None:
    """Print a trace, as wide as the console."""
    about = f"wish {trace['wish_id'] or '(many)'}\ntrace {trace['trace_id']}\nstarted {trace['started']}"
    console.print(Text(f"{about}, {duration(trace['duration_ms'])} in all"), soft_wrap=True)
    console.print(_table(console, trace))
    for text, times in _raised(trace).items():
        console.print(Text(text + (f"\n  {times} times" if times > 1 else ""), style="red"), soft_wrap=True)
    if not trace["complete"]:
        unseen = [hop for hop in CHAIN if hop not in trace["hops"]]
        words = f"no sign yet of {', '.join(unseen)}" if unseen else "something has not ended yet"
        console.print(Text(f"not complete: {words}", style="yellow"))
    if trace.get("xray_url"):
        console.print(Text(trace["xray_url"]), soft_wrap=True)


def _table(console: Console, trace: dict[str, Any]) -> Table:
    rows = trace["segments"]
    names = [Text(" " * row["depth"] + (row["hop"] or row["name"]), style=_style(row)) for row in rows]
    remarks = [Text(_remark(row), style=_style(row)) for row in rows]
    times = [[Text(_took(row)) for row in rows]]
    if console.width >= ROOM_FOR_BOTH_TIMES:
        times.insert(0, [Text(duration(row["offset_ms"])) for row in rows])
    widths = [max(map(len, column)) for column in (names, *times, remarks)]
    room = min(WIDEST_BAR, console.width - sum(widths) - 2 * len(widths))
    columns = [names, *times, remarks]
    if room >= NARROWEST_BAR:
        block = "#" if console.options.ascii_only else "█"
        columns.insert(-1, [Text(_bar(row, trace["duration_ms"], room, block), style=_style(row)) for row in rows])
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("hop", no_wrap=True, overflow="ellipsis")
    for title, width in zip(
        ("at", "took")[-len(times) :], widths[1:], strict=False
    ):  # what is narrow cuts other columns
        table.add_column(title, justify="right", no_wrap=True, min_width=width)
    for _ in columns[len(table.columns) :]:
        table.add_column("", no_wrap=True, overflow="ellipsis")
    for cells in zip(*columns, strict=True):
        table.add_row(*cells)
    return table


def _raised(trace: dict[str, Any]) -> Counter[str]:
    """Count the errors of a trace: each with its hop or call, its class, and its stack with the raising line last."""
    found = Counter[str]()
    for row in trace["segments"]:
        for raised in row["exceptions"]:
            where, lines = row["hop"] or row["name"], "".join(f"\n    {frame}" for frame in raised["stack"])
            text = f"{where}: {raised['type']}" + (f" at {raised['raised_at']}" if raised["raised_at"] else "") + lines
            found["\n".join(printable(each) for each in text.split("\n"))] += 1
    return found


def _bar(row: dict[str, Any], whole: int, room: int, block: str) -> str:
    scale = room / max(whole, 1)
    before: int = min(round(row["offset_ms"] * scale), room - 1)
    length: int = room if row["duration_ms"] is None else max(1, round(row["duration_ms"] * scale))
    return " " * before + block * min(length, room - before)


def _style(row: dict[str, Any]) -> str:
    if row["fault"] or row["error"]:
        return "bold red"
    return "bold" if row["hop"] else "dim"


def _remark(row: dict[str, Any]) -> str:
    words = ["FAULT"] * row["fault"] + ["ERROR"] * row["error"]
    words += [row["outcome"]] if row["outcome"] else []
    words += [f"received {row['receive_count']} times"] if (row["receive_count"] or 1) > 1 else []
    return ", ".join(words)


def _took(row: dict[str, Any]) -> str:
    return "..." if row["duration_ms"] is None else duration(row["duration_ms"])


def duration(milliseconds: int) -> str:
    """Format milliseconds: ``63 ms``, ``2.25 s``, ``3 min 20 s``."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.2f} s"
    return f"{milliseconds // 60_000} min {milliseconds % 60_000 // 1000} s"
