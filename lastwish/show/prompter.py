"""The presenter's view in the terminal: what to say, where to look, what is next, how much time is left; the keys."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.style import Style
from rich.text import Text

from lastwish.show.clock import minutes

_KEYS = "n next   p pause   s skip the next   x panic   q quit"
_MARKS = {True: ("✓ ", "green"), False: ("… ", "yellow"), None: ("· ", "")}


def _place(place: str, links: dict[str, str]) -> tuple[str, Style]:
    return f"{place}: ", Style(bold=True, color="cyan", link=links.get(place))


class Key(StrEnum):
    """What the presenter can press; the space bar and Enter are `next` too."""

    NEXT = "n"
    PAUSE = "p"
    SKIP = "s"
    PANIC = "x"
    QUIT = "q"


def view(facts: dict[str, Any]) -> RenderableType:
    """Return the view of a performance's facts. No markup is read from them."""
    cue, is_late = facts["cue"], facts["left"] < 0
    head = Text.assemble(
        (f"{facts['number']}/{facts['of']}  {cue['title']}", "bold"),
        (f"   {minutes(facts['left'])} left", "bold red" if is_late else "bold green"),
        f"   show {minutes(facts['left_of_show'])}",
        ("   PAUSED", "bold yellow") if facts["paused"] else "",
        ("   THE WALL IS BLANK: x brings it back", "bold red") if facts["blank"] else "",
        ("   putting things in order …", "yellow") if facts["resetting"] else "",
    )
    look = [Text.assemble(_place(place, facts["links"]), words) for place, words in cue["look"].items()]
    see = [Text.assemble(_MARKS[each["seen"]], each["what"]) for each in cue["see"]]
    foot = [Text(facts["note"], style="red")] if facts["note"] else []
    foot += [Text(f"next: {facts['next'] or 'the end'}", style="bold"), Text(_KEYS, style="dim")]
    parts = [[head], [Text(cue["say"])], [*look, *see], foot]
    lines = [line for part in parts if part for line in (*part, Text())]
    return Panel(Group(*lines[:-1]), title=Text(facts["title"]))


@contextmanager
def terminal() -> Iterator[bool]:
    """Take single keys from the terminal, without echo, for a block. Gives whether there is a terminal."""
    if not sys.stdin.isatty():
        yield False
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield True
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def pressed(seconds: float, can_press: bool) -> Key | None:
    """Return the key that is pressed within so many seconds, None for none of ours."""
    if not can_press:
        time.sleep(seconds)
        return None
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    typed = os.read(sys.stdin.fileno(), 1).decode(errors="replace").lower() if ready else ""
    if typed in (" ", "\n"):
        return Key.NEXT
    return Key(typed) if typed in list(Key) else None
