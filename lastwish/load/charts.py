"""Plots of the HTML report, as SVG inside HTML: text stays text, and nothing is fetched from anywhere.

Every line differs from its neighbours by more than its colour, for people who see no colours and for printers.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lastwish.load.formatting import format_ms
from lastwish.load.results import QueueSample
from lastwish.load.statistics import Percentiles, TimeSeries

# Replaced by the page's CSS variables of these names, which have other values in dark mode.
_COLOURS = {
    "ink": "#131a27",
    "soft": "#4a5567",
    "grid": "#d5dce5",
    "mars": "#9f3c16",
    "jupiter": "#14607f",
    "sand": "#c9d3de",
}
INK, SOFT, GRID, MARS, JUPITER, SAND = _COLOURS.values()
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 11,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "lines.linewidth": 2,
    "figure.constrained_layout.use": True,
}
_LINES: dict[str, dict[str, Any]] = {
    "p50": {"color": JUPITER, "linestyle": "-", "linewidth": 2.6},
    "p95": {"color": SOFT, "linestyle": (0, (4, 2))},
    "p99": {"color": MARS, "linestyle": "-", "marker": "o", "markersize": 2.6},
}
_QUEUE_LINES: tuple[dict[str, Any], ...] = ({"color": JUPITER}, {"color": MARS, "linestyle": (0, (4, 1.5))})
_OTHER_QUEUE: dict[str, Any] = {"color": SOFT, "linestyle": ":"}
_TIME_LABEL = "seconds since the load began"
_MINUTES = 180_000  # milliseconds from which on an axis counts minutes
_LETTERS = 7.5  # of a legend, that fit an inch of width
_MUCH = 4  # times the highest answer rate: planned rates above it are cut off
_WIDE, _HALF, _TALL = (11.8, 3.9), (5.7, 3.0), (5.7, 3.6)  # inches; the page scales them all alike


def latency(series: TimeSeries, overall: Percentiles) -> Markup:
    """Plot the percentiles of each bin, and mark the worst."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        middles = [start + series.width / 2 for start in series.starts]
        worst = series.worst()
        unit = _unit(worst[1] if worst else 0)
        for name, values in series.percentiles.items():
            label = f"{name}: {format_ms(overall[name])} over all"
            axes.plot(middles, [value / unit.ms for value in values], label=label, **_LINES[name])
        _seconds(axes, max(axes.dataLim.x1 + series.width / 2, series.width))
        axes.yaxis.set_major_formatter(unit.tick)
        if worst:
            _mark_worst(axes, series, worst, unit)
        _legend(axes)

    return _svg(draw, _WIDE, "Latency over time: p50, p95 and p99 by intended send")


def _mark_worst(axes: Axes, series: TimeSeries, worst: tuple[float, float], unit: "_Unit") -> None:
    at, value = worst
    is_right = at > 0.6 * (series.starts[-1] + series.width)
    axes.annotate(
        f"worst p99: {format_ms(value)} at {at:g} s",
        (at, value / unit.ms),
        xytext=(-10 if is_right else 10, 4),
        textcoords="offset points",
        ha="right" if is_right else "left",
        weight="bold",
        color=MARS,
    )
    axes.set_ylim(top=1.15 * value / unit.ms or 1)


def rates(series: TimeSeries) -> Markup:
    """Plot wishes per second: as planned, and as answered."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        edges = [*series.starts, series.starts[-1] + series.width]
        axes.stairs(series.planned, edges, fill=True, color=SAND, label="planned")
        axes.stairs(series.answered, edges, color=JUPITER, linewidth=2, label="answered")
        _seconds(axes, edges[-1])
        axes.set_ylabel("wishes per second")
        _cut_off(axes, series)
        _legend(axes)

    return _svg(draw, _HALF, "Rate over time: planned and answered wishes per second")


def _cut_off(axes: Axes, series: TimeSeries) -> None:
    """Cut off a planned spike that would press the answers flat, and write its height beside it."""
    planned, answered = max(series.planned), max(series.answered)
    if planned <= _MUCH * answered or not answered:
        return
    at = series.starts[series.planned.index(planned)] + series.width
    burst = planned * series.width
    axes.set_ylim(top=_MUCH * answered)
    axes.annotate(
        f"↑ {burst:,.0f} planned in {series.width:g} s",
        (at, _MUCH * answered),
        xytext=(10, -10),
        textcoords="offset points",
        color=SOFT,
    )


def boarded(milliseconds: Sequence[float], overall: Percentiles) -> Markup:
    """Plot the time from the intended send to the seat, as a histogram with its percentiles."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        longest = max(1, *milliseconds)
        unit = _unit(longest)
        axes.hist([value / unit.ms for value in milliseconds], bins=40, range=(0, longest / unit.ms), color=SAND)
        for name, value in overall.items():
            if value is not None:
                line = {**_LINES[name], "marker": None, "linewidth": 2}
                axes.axvline(value / unit.ms, label=f"{name}: {format_ms(value)}", **line)
        axes.set_xlim(left=0)
        axes.set_ylabel("wishes")
        axes.xaxis.set_major_locator(_ticks(6))
        axes.xaxis.set_major_formatter(unit.tick)
        axes.yaxis.set_major_locator(_ticks(5, integer=True))
        _legend(axes)

    return _svg(draw, _HALF, "Distribution of the time from intended send to boarded")


def queues(samples: Sequence[QueueSample], series: TimeSeries) -> Markup:
    """Plot the messages in each queue, and below them the age of the oldest where it was measured."""
    has_ages = any(sample.oldest for sample in samples)

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1 + has_ages, sharex=True, squeeze=False)[:, 0]
        names = sorted({name for sample in samples for name in sample.depth})
        for name, line in zip(names, chain(_QUEUE_LINES, repeat(_OTHER_QUEUE)), strict=False):
            depths = [sample.depth.get(name, float("nan")) for sample in samples]
            panels[0].plot([sample.at for sample in samples], depths, label=name, **line)
            if has_ages:
                aged = [sample for sample in samples if name in sample.oldest]
                panels[-1].plot([sample.at for sample in aged], [sample.oldest[name] for sample in aged], **line)
        for axes, label in zip(panels, ("messages", "oldest, s"), strict=False):
            axes.set_ylabel(label)
            axes.set_ylim(bottom=0, top=None if axes.dataLim.y1 > 0 else 1)
            axes.yaxis.set_major_locator(_ticks(4, integer=axes is panels[0]))
        panels[-1].set_xlabel(_TIME_LABEL)
        panels[-1].set_xlim(0, max(series.starts[-1] + series.width, samples[-1].at))
        _legend(panels[0])

    return _svg(draw, _TALL, "Queue depth and age of the oldest message over time")


def _seconds(axes: Axes, end: float) -> None:
    axes.set_xlim(0, end)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(_TIME_LABEL)
    axes.yaxis.set_major_locator(_ticks(5))


@dataclass(frozen=True)
class _Unit:
    """Unit of the ticks of an axis: 20 ms, 0.5 s, 8 min."""

    name: str
    ms: float

    def tick(self, value: float, _position: object) -> str:
        return f"{value:g} {self.name}"


def _unit(longest: float) -> _Unit:
    """Return the unit that suits values up to this many milliseconds."""
    if longest < 1000:
        return _Unit("ms", 1)
    return _Unit("s", 1000) if longest < _MINUTES else _Unit("min", 60_000)


def _ticks(most: int, integer: bool = False) -> MaxNLocator:
    return MaxNLocator(most, steps=[1, 2, 5, 10], integer=integer)


def _legend(axes: Axes) -> None:
    """Put the legend above the plot, where it hides nothing: in one row where there is room, else in two."""
    _, labels = axes.get_legend_handles_labels()
    figure = axes.get_figure(root=True)
    room = figure.get_figwidth() if figure else 0
    columns = 3 if len("".join(labels)) < _LETTERS * room else 2
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2, borderpad=0)


def _svg(draw: Callable[[Figure], None], inches: tuple[float, float], label: str) -> Markup:
    """Return the drawing as an <svg> element that may stand beside others: its ids are its own."""
    text = io.StringIO()
    with rc_context({**STYLE, "svg.hashsalt": label}):
        figure = Figure(figsize=inches)
        draw(figure)
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]  # HTML allows neither an XML declaration nor a document type here
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (xmlns(:\w+)?|width|height|version)="[^"]*"', "", svg[: svg.index(">")]) + svg[svg.index(">") :]
    svg = svg.replace("xlink:href=", "href=")
    for name, colour in _COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    prefix = label.partition(" ")[0].lower()
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\1#{prefix}-", svg)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    return Markup(svg)  # nosec B704 # noqa: S704 - no text of a wish
