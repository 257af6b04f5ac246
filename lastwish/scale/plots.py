"""Pictures of an answer, as SVG files: text stays text, and the same run is the same file."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from lastwish.load.charts import INK, JUPITER, MARS, SOFT, STYLE
from lastwish.scale.questions import Answer

_WAITING = ((5, "Inbox", INK, "-"), (6, "Pods", JUPITER, (0, (4, 2))), (7, "stream", MARS, ":"))
_DONE = (
    (1, "pressed", SOFT, ":"),
    (2, "promised", INK, "-"),
    (3, "seated", JUPITER, (0, (4, 2))),
    (4, "on the wall", MARS, "-."),
)
_POINTS = 400


def write(answers: Sequence[Answer], path: Path) -> None:
    """Write one picture of a question: a column for each variant, wishes above and queues below. Raises OSError."""
    with rc_context({**STYLE, "svg.hashsalt": path.stem, "font.size": 9}):
        figure = Figure(figsize=(11.8, 5.4))
        panels = figure.subplots(2, len(answers), squeeze=False, sharex="col", sharey="row")
        for column, answer in enumerate(answers):
            every = answer.run.series[:: max(1, len(answer.run.series) // _POINTS)]
            longest = max(answer.figures["all_on_the_wall_s"] or answer.run.series[-1][0], answer.figures["over_s"])
            unit, name = (3600, "hours") if longest > 7200 else (1, "seconds")
            for axes, lines in zip(panels[:, column], (_DONE, _WAITING), strict=True):
                for index, label, colour, dashes in lines:
                    at = [each[0] / unit for each in every]
                    axes.plot(at, [each[index] for each in every], label=label, color=colour, linestyle=dashes)
                axes.set_xlim(left=0)
            panels[0, column].set_title(answer.variant, loc="left", pad=28)
            panels[1, column].set_title(" ")  # room for the legend
            panels[1, column].set_xlabel(f"{name} since the first press")
        for axes, label in zip(panels[:, 0], ("wishes so far", "wishes that wait"), strict=True):
            axes.set_ylim(bottom=0)
            axes.set_ylabel(label)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
            legend = axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2, borderpad=0)
            legend.set_in_layout(False)  # it may be wider than its panel
        figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None})
