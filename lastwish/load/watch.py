"""The display while a load runs, on stderr: a live one on a terminal, a line every ten seconds elsewhere.

Its rows are always the same, so nothing jumps; what there is nothing of is a dash.
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
from rich.table import Table
from rich.text import Text

from lastwish.load import figures
from lastwish.load.figures import latency_ms
from lastwish.load.run import Result, Sample
from lastwish.load.words import NOTHING, took

EVERY = 10.0  # seconds between two lines
_WINDOW = 5.0  # seconds that a rate is taken over
_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.-:=+*#"
_WIDEST = 40


class Watch:
    """``planned``: all intended sends in seconds. `add` what was finished, `show` now and then.

    ``title`` says what is loaded, ``followed`` how many wishes have been seen to end and how many are asked for.
    """

    def __init__(self, console: Console, planned: Sequence[float], title: str = "") -> None:
        self.phase = "starting"
        self.samples: Sequence[Sample] = ()
        self.followed = (0, 0)
        self._console, self._planned, self._title = console, planned, title
        draws = console.is_terminal and not console.is_dumb_terminal
        self._live = Live(console=console, auto_refresh=False, transient=True) if draws else None
        self._halted: float | None = None
        self._is_alone = False
        self._latencies: list[float] = []
        self._done: list[float] = []
        self._troubled: list[Result] = []
        self._said = time.monotonic()

    def add(self, results: Sequence[Result]) -> None:
        """More wishes are finished."""
        self._latencies += map(latency_ms, results)
        self._done += sorted(result.done for result in results)
        self._troubled += [each for each in results if each.again_for or figures.is_given_up(each)]

    def halt(self, now: float) -> None:
        """Nothing more is sent."""
        self._halted = now

    def show(self, now: float) -> None:
        """Draw it as it stands ``now``, in seconds since the run began."""
        if self._live:
            live, drawn = self._live, self._drawn(now)
            self._tell(lambda: live.update(drawn, refresh=True))
        elif time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            words = "; ".join(f"{name} {value}" for name, value in self.rows(now) if value != NOTHING)
            self.note(f"{now:4.0f} s  {words}")

    def note(self, words: str) -> None:
        """A line that stays."""
        self._tell(lambda: self._console.print(words, markup=False))

    def _tell(self, write: Callable[[], object]) -> None:
        """Whoever listens: a terminal that was closed, or a pipe (of which rich makes a SystemExit), ends no load."""
        if not self._is_alone:
            try:
                write()
            except (OSError, SystemExit):
                self._is_alone = True

    def rows(self, now: float) -> list[tuple[str, str]]:
        """What there is to say, by name."""
        now = now if self._halted is None else min(now, self._halted)
        due, answered = bisect_right(self._planned, now), len(self._done)
        since = max(0.0, now - _WINDOW)
        span = max(now - since, 1.0)
        planned_rate = (due - bisect_right(self._planned, since)) / span
        rate = (answered - bisect_right(self._done, since)) / span
        found = figures.percentiles(self._latencies)
        ended, asked_for = self.followed
        return [
            (self.phase, f"{answered:,} of {len(self._planned):,} answered, {due:,} due"),
            ("rate", f"{rate:,.0f}/s answered, {planned_rate:,.0f}/s planned"),
            ("latency", "  ".join(f"{name} {took(value)}" for name, value in found.items())),
            ("queues", self._queues()),
            ("followed", f"{ended:,} of {asked_for:,} seen to end" if asked_for else NOTHING),
            ("errors", self._errors()),
            ("left", self._left(now, due - answered, rate)),
        ]

    def _queues(self) -> str:
        if not self.samples:
            return NOTHING
        depth = ", ".join(f"{name} {count:,}" for name, count in self.samples[-1].depth.items())
        most = max(_together(sample) for sample in self.samples)
        return f"{depth}  {self._sparkline()} at most {most:,}"

    def _errors(self) -> str:
        kinds = figures.troubles(self._troubled).items()
        told = ", ".join(f"{name}: {again:,} again, {gone:,} given up" for name, (again, gone) in kinds)
        return told or NOTHING

    def _left(self, now: float, behind: int, rate: float) -> str:
        """Until all are answered, as far as one can tell: seconds of the plan, or of what it is behind."""
        if self._halted is not None or len(self._done) == len(self._planned):
            return NOTHING
        left = max(self._planned[-1] - now, behind / rate if rate else 0.0)
        return f"about {left:,.0f} s of sending"

    def _sparkline(self) -> str:
        blocks = _ASCII if self._console.options.ascii_only else _BLOCKS
        depths = [_together(sample) for sample in self.samples[-_WIDEST:]]
        most = max(*depths, 1)
        return "".join(blocks[round(depth / most * (len(blocks) - 1))] for depth in depths)

    def _drawn(self, now: float) -> Group:
        grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        grid.add_column(style="dim", no_wrap=True, min_width=len("reporting"))
        grid.add_column(overflow="fold")
        for name, value in self.rows(now):
            grid.add_row(name, Text(value, style="yellow" if name == "errors" and value != NOTHING else ""))
        bar = ProgressBar(total=len(self._planned), completed=len(self._done), width=_WIDEST)
        return Group(Text(self._title, style="bold"), Padding(bar), grid)

    def __enter__(self) -> Self:
        if self._live:
            self._tell(self._live.start)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._live:
            self._tell(self._live.stop)


def _together(sample: Sample) -> int:
    return sum(sample.depth.values())
