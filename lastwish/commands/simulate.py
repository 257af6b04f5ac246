"""Command `simulate`: what a crowd would do to a stack on AWS, by a model."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json
from lastwish.errors import UsageError, need

if TYPE_CHECKING:
    from lastwish.scale.parameters import Parameters
    from lastwish.scale.questions import Answer as Found

app = typer.Typer()

_WEEK = 7 * 86_400.0  # seconds
_RANGE = 1000  # times more or less than a parameter is; beyond it the model takes hours, or divides by nothing
_TIMES = {
    "until all are promised": "all_promised_s",
    "until all are seated": "all_stored_s",
    "until all are on the wall": "all_on_the_wall_s",
    "press to seat, p50": "seat_p50_s",
    "press to seat, p99": "seat_p99_s",
    "press to wall, p99": "wall_p99_s",
}


@app.command()
def simulate(  # noqa: PLR0917 - typer reads them as options
    wishes: Annotated[int | None, typer.Option(min=1, max=10**10, help="Wishes. Default: the three questions.")] = None,
    over: Annotated[float | None, typer.Option(min=0.1, max=_WEEK, help="Seconds in which people press them.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a parameter.")
    ] = None,
    parameters: Annotated[bool, typer.Option("--parameters", help="Show all parameters and sources.")] = False,
    plots: Annotated[Path | None, typer.Option(file_okay=False, help="Folder for a picture of each question.")] = None,
    seed: Annotated[int, typer.Option(help="Of the pauses before people press again.")] = 1,
    as_json: Json = False,
) -> None:
    """Simulate a crowd in front of a stack on AWS: who is refused, what waits, what binds, what to raise."""
    with Answer(as_json) as answer:
        need("a simulation", "simpy", "matplotlib")
        if (wishes is None) != (over is None):
            raise UsageError("--wishes and --over go together: so many wishes in so many seconds")
        from lastwish.scale.deployed import deployed
        from lastwish.scale.parameters import documented
        from lastwish.scale.questions import QUESTIONS, answers, bounds

        p = _changed(deployed(), changes or [])
        if parameters:
            every = {name: each | {"value": getattr(p, name)} for name, each in documented().items()}
            lines = [f"{name} = {each['value']:,g} {each['unit']} ({each['source']})" for name, each in every.items()]
            answer.give({"parameters": every}, *lines)
            return
        questions = [(wishes, over)] if wishes and over else QUESTIONS
        lets_through = bounds(p)
        _bear(lets_through, max(many for many, _ in questions))
        limits = {name: round(rate) for name, rate in lets_through.items()}
        _make(plots)
        found = [list(answers(p, *each, seed)) for each in questions]
        if plots:
            from lastwish.scale.plots import write

            for each in found:
                write(each, plots / f"scale-{each[0].run.wishes}.svg")
        facts = [{"variant": each.variant, "raised": each.steps, **each.figures} for of in found for each in of]
        ladder = [f"{rate:>14,}  {name}" for name, rate in limits.items()]
        lines = ["Wishes a second that each bound lets through, as it is:", *ladder]
        answer.give({"bounds": limits, "answers": facts}, *lines, *(line for of in found for line in _lines(of)))


def _changed(p: "Parameters", changes: list[str]) -> "Parameters":
    """Return the parameters with each NAME=VALUE. Raises UsageError."""
    for change in changes:
        name, _, value = change.partition("=")
        try:
            p = p.replace(**{name: float(value)})
        except AttributeError:
            raise UsageError(f"there is no parameter {name!r}: lastwish simulate --parameters shows all") from None
        except ValueError:
            raise UsageError(f"{change}: {value!r} is no number") from None
        least, most = _range(name)
        if not least <= getattr(p, name) <= most:
            raise UsageError(f"{change}: {name} may be from {least:g} to {most:g}")
    return p


def _range(name: str) -> tuple[float, float]:
    """Return the least and the most that a parameter may be. What is counted is one at least, and some are off at 0."""
    from lastwish.scale.parameters import documented

    parameter = documented()[name]
    usual, unit = parameter["value"], parameter["unit"]
    least = usual / _RANGE if unit.split(",")[0].split()[0] == "s" else min(usual, 1)
    return (0 if name.endswith("_window") else least), _RANGE * (usual or 1)


def _bear(limits: "dict[str, float]", wishes: int) -> None:
    """Raise UsageError where so many wishes would never be through, or not within a year."""
    name, rate = next(iter(limits.items()))
    if rate <= 0 or wishes / rate > 52 * _WEEK:
        through = f"{name} lets {max(rate, 0):g} a second through"
        raise UsageError(f"{wishes:,} wishes would take more than a year: {through}. Raise it with --set")


def _make(folder: Path | None) -> None:
    """Make the folder of the pictures. Raises UsageError: before the work, not after it."""
    try:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}") from None


def _lines(found: "list[Found]") -> Iterator[str]:
    from lastwish.load.formatting import format_ms

    figures = [each.figures for each in found]
    yield ""
    yield _row(f"{figures[0]['wishes']:,} wishes in {figures[0]['over_s']:g} s", [each.variant for each in found])
    yield _row("refused at the first try", [f"{each['refused_first'] / each['wishes']:.1%}" for each in figures])
    yield _row("tries again, for each wish", [f"{each['retries'] / each['wishes']:,.1f}" for each in figures])
    for label, name in _TIMES.items():
        yield _row(label, [format_ms(None if each[name] is None else 1000 * each[name]) for each in figures])
    for line in figures[0]["oldest_s"]:
        yield _row(f"oldest in {line}", [format_ms(1000 * each["oldest_s"][line]) for each in figures])
    yield _row("dead letters", [f"{each['dead']:,}" for each in figures])
    yield _row("price of the wishes", [f"${each['dollars']:,.2f}" for each in figures])
    for each in found:
        held = [bound["name"] for bound in each.figures["held_most"]][:3]
        lowest = each.figures["lowest_bound"]
        bound = f"lowest bound: {lowest['name']}, {lowest['wishes_per_second']:,}/s"
        yield f"{each.variant}: {bound}; held most by: {', '.join(held) or 'none'}"
        for step in each.steps:
            yield f"    {step['raise']} {step['to']:,g}; costs {step['costs']}"


def _row(label: str, values: list[str]) -> str:
    return f"{label:<30}" + "".join(f"{value:>15}" for value in values)
