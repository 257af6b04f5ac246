"""The display while a load runs, on stderr: a live one on a terminal, a line every ten seconds elsewhere."""

import time
from bisect import bisect_right
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lastwish.load import figures
from lastwish.load.figures import latency_ms
from lastwish.load.run import Result, Sample
from lastwish.waterfall_table import duration

EVERY = 10.0  # seconds between two lines
_WINDOW = 5.0  # seconds that a rate is taken over
_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.-:=+*#"
_WIDEST = 40


class Watch:
    """``planned``: all intended sends in seconds. `add` what was finished, `show` now and then."""

    def __init__(self, console: Console, planned: Sequence[float]) -> None:
        self.phase = "starting"
        self.samples: Sequence[Sample] = ()
        self.following = 0
        self._console, self._planned = console, planned
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._latencies: list[float] = []
        self._done: list[float] = []
        self._troubled: list[Result] = []
        self._said = time.monotonic()

    def add(self, results: Sequence[Result]) -> None:
        """More wishes are finished."""
        self._latencies += map(latency_ms, results)
        self._done += sorted(result.done for result in results)
        self._troubled += [each for each in results if each.again_for or figures.is_given_up(each)]

    def show(self, now: float) -> None:
        """Draw it as it stands ``now``, in seconds since the run began."""
        if self._live:
            self._live.update(self._drawn(now), refresh=True)
        elif time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            words = "; ".join(f"{name} {value}" for name, value in self.rows(now))
            self._console.print(words, markup=False)

    def note(self, words: str) -> None:
        """A line that stays."""
        self._console.print(words, markup=False)

    def rows(self, now: float) -> list[tuple[str, str]]:
        """What there is to say, by name."""
        intended, answered = bisect_right(self._planned, now), len(self._done)
        since = max(0.0, now - _WINDOW)
        span = max(now - since, 0.001)
        planned_rate = (intended - bisect_right(self._planned, since)) / span
        rate = (answered - bisect_right(self._done, since)) / span
        found = figures.percentiles(self._latencies)
        rows = [
            (self.phase, f"{answered:,} of {len(self._planned):,} answered, {intended:,} planned by now"),
            ("rate", f"{rate:,.0f}/s answered, {planned_rate:,.0f}/s planned"),
            ("latency", "  ".join(f"{name} {_took(value)}" for name, value in found.items())),
        ]
        if self.samples:
            depth = ", ".join(f"{name} {count:,}" for name, count in self.samples[-1].depth.items())
            rows.append(("queues", f"{depth}  {self._sparkline()}"))
        if self.following:
            rows.append(("following", f"{self.following:,} on their way"))
        if self._troubled:
            kinds = figures.troubles(self._troubled).items()
            rows.append(
                ("errors", ", ".join(f"{name}: {again:,} again, {gone:,} given up" for name, (again, gone) in kinds))
            )
        if left := self._left(now, rate):
            rows.append(("left", f"about {left:,.0f} s"))
        return rows

    def _left(self, now: float, rate: float) -> float:
        """Seconds until all are answered, as far as one can tell."""
        waiting = len(self._planned) - len(self._done)
        behind = waiting / rate if rate else 0.0
        return max(self._planned[-1] - now, behind) if waiting else 0.0

    def _sparkline(self) -> str:
        blocks = _ASCII if self._console.options.ascii_only else _BLOCKS
        depths = [sum(sample.depth.values()) for sample in self.samples[-_WIDEST:]]
        most = max(*depths, 1)
        return "".join(blocks[round(depth / most * (len(blocks) - 1))] for depth in depths)

    def _drawn(self, now: float) -> Table:
        grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in self.rows(now):
            grid.add_row(name, Text(value, style="yellow" if name == "errors" else ""))
        return grid

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()


def _took(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else duration(round(milliseconds))
