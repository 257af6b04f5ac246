"""Progress of a load on stderr: live on a terminal, a line every ten seconds elsewhere.

The rows are always the same, so nothing jumps; an empty one shows a dash.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from lastwish.load import statistics
from lastwish.load.formatting import NOTHING, format_ms
from lastwish.load.results import QueueSample, WishResult
from lastwish.load.statistics import latency_ms
from lastwish.load.terminal_report import name_value_grid

LINE_INTERVAL = 10.0  # seconds between two lines
_WINDOW = 5.0  # seconds that a rate is taken over
_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.-:=+*#"
_MAX_WIDTH = 40


class Display:
    """Display of one load. ``planned``: all intended sends in seconds. `add` finished wishes, `show` now and then.

    ``title`` describes the load; ``followed`` is how many wishes have been seen to end, and how many are followed.
    """

    def __init__(self, console: Console, planned: Sequence[float], title: str = "") -> None:
        self.phase = "starting"
        self.samples: Sequence[QueueSample] = ()
        self.followed = (0, 0)
        self._console, self._planned, self._title = console, planned, title
        can_draw = console.is_terminal and not console.is_dumb_terminal
        self._live = Live(console=console, auto_refresh=False, transient=True) if can_draw else None
        self._stopped: float | None = None
        self._is_closed = False
        self._latencies: list[float] = []
        self._done: list[float] = []
        self._with_problems: list[WishResult] = []
        self._last_line = time.monotonic()

    def add(self, results: Sequence[WishResult]) -> None:
        """Count more finished wishes."""
        self._latencies += map(latency_ms, results)
        self._done += sorted(result.done for result in results)
        self._with_problems += [result for result in results if result.again_for or statistics.is_given_up(result)]

    def stop_clock(self, now: float) -> None:
        """Count nothing more as due: the sending has ended."""
        self._stopped = now

    def show(self, now: float) -> None:
        """Show the state ``now``, in seconds since the load began."""
        if self._live:
            live, drawing = self._live, self._drawing(now)
            self._write(lambda: live.update(drawing, refresh=True))
        elif time.monotonic() - self._last_line >= LINE_INTERVAL:
            self._last_line = time.monotonic()
            words = "; ".join(f"{name} {value}" for name, value in self.rows(now) if value != NOTHING)
            self.note(f"{now:4.0f} s  {words}")

    def note(self, line: str) -> None:
        """Print a line that stays."""
        self._write(lambda: self._console.print(line, markup=False))

    def _write(self, write: Callable[[], object]) -> None:
        """Write, unless the terminal or pipe was closed (rich makes a SystemExit of that): the load goes on."""
        if not self._is_closed:
            try:
                write()
            except (OSError, SystemExit):
                self._is_closed = True

    def rows(self, now: float) -> list[tuple[str, str]]:
        """Return the rows, by name."""
        now = now if self._stopped is None else min(now, self._stopped)
        due, answered = bisect_right(self._planned, now), len(self._done)
        since = max(0.0, now - _WINDOW)
        span = max(now - since, 1.0)
        planned_rate = (due - bisect_right(self._planned, since)) / span
        rate = (answered - bisect_right(self._done, since)) / span
        latencies = statistics.percentiles(self._latencies)
        ended, followed = self.followed
        return [
            (self.phase, f"{answered:,} of {len(self._planned):,} answered, {due:,} due"),
            ("rate", f"{rate:,.0f}/s answered, {planned_rate:,.0f}/s planned"),
            ("latency", "  ".join(f"{name} {format_ms(ms)}" for name, ms in latencies.items())),
            ("queues", self._queues()),
            ("followed", f"{ended:,} of {followed:,} seen to end" if followed else NOTHING),
            ("errors", self._errors()),
            ("left", self._left(now, due - answered, rate)),
        ]

    def _queues(self) -> str:
        if not self.samples:
            return NOTHING
        depth = ", ".join(f"{name} {count:,}" for name, count in self.samples[-1].depth.items())
        most = max(_total(sample) for sample in self.samples)
        return f"{depth}  {self._sparkline()} at most {most:,}"

    def _errors(self) -> str:
        problems = statistics.problems(self._with_problems).items()
        return ", ".join(f"{name}: {again:,} again, {lost:,} given up" for name, (again, lost) in problems) or NOTHING

    def _left(self, now: float, behind: int, rate: float) -> str:
        """Return the time until all are answered, estimated from the rest of the plan and from the backlog."""
        if self._stopped is not None or len(self._done) == len(self._planned):
            return NOTHING
        left = max(self._planned[-1] - now, behind / rate if rate else 0.0)
        return f"about {left:,.0f} s of sending"

    def _sparkline(self) -> str:
        blocks = _ASCII if self._console.options.ascii_only else _BLOCKS
        depths = [_total(sample) for sample in self.samples[-_MAX_WIDTH:]]
        most = max(*depths, 1)
        return "".join(blocks[round(depth / most * (len(blocks) - 1))] for depth in depths)

    def _drawing(self, now: float) -> Group:
        grid = name_value_grid(name_width=len("reporting"))
        for name, value in self.rows(now):
            grid.add_row(name, Text(value, style="yellow" if name == "errors" and value != NOTHING else ""))
        bar = ProgressBar(total=len(self._planned), completed=len(self._done), width=_MAX_WIDTH)
        return Group(Text(self._title, style="bold"), Padding(bar), grid)

    def __enter__(self) -> Self:
        if self._live:
            self._write(self._live.start)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._live:
            self._write(self._live.stop)


def _total(sample: QueueSample) -> int:
    return sum(sample.depth.values())
