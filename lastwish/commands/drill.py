"""Command `drill`: break the local stack on purpose, and see that it is found, undone, and that nothing was lost."""

import os
import secrets
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, drill_names
from lastwish.errors import CommandError, UsageError

if TYPE_CHECKING:
    from lastwish.drills.drill import Drill
    from lastwish.drills.result import Result
    from lastwish.drills.runner import Options
    from lastwish.drills.schedule import Planned

app = typer.Typer()


@app.command()
def drill(  # noqa: PLR0917 - typer reads them as options
    name: Annotated[str | None, typer.Argument(help="Its name: docs/drills.md.", autocompletion=drill_names)] = None,
    every_drill: Annotated[bool, typer.Option("--all", help="Run every drill, one after the other.")] = False,
    hold: Annotated[str, typer.Option("--for", help="Hold the fault at least so long, e.g. 60s.")] = "0s",
    exam: Annotated[bool, typer.Option("--exam", help="Do not say which it is: find it.")] = False,
    short: Annotated[bool, typer.Option("--short", help="Let alarms run 12 times faster meanwhile.")] = False,
    schedule: Annotated[int | None, typer.Option(help="Seed of a day of surprises, until Ctrl-C.")] = None,
    every: Annotated[str, typer.Option(help="With --schedule: from one to the next, on average.")] = "5m",
    as_json: Json = False,
) -> None:
    """Cause a known fault, wait for its symptom and its alarm, undo it, and audit. Type `hint` for a hint.

    Exit code 0 when the alarm rang, no other did, and nothing was lost. Ctrl-C undoes the fault.
    """
    from lastwish.local import interrupts

    with Answer(as_json) as answer, interrupts.ending("interrupted: the fault is undone"):
        from lastwish.drills.catalogue import DRILLS, find
        from lastwish.drills.runner import Options
        from lastwish.drills.schedule import plan
        from lastwish.site import LocalSite

        if [bool(name), every_drill, schedule is not None].count(True) + (exam and not name) != 1:
            raise UsageError("say one of: a NAME, --all, --exam, --schedule SEED")
        if exam and (every_drill or schedule is not None):
            raise UsageError("--exam goes with one drill")
        least, between = _seconds(hold), _seconds(every)
        options = Options(short=short, tell=answer.note, held=lambda so_far: so_far < least)
        chosen = find(name) if name else secrets.choice(DRILLS)
        with LocalSite().home.breaking():
            if schedule is not None:
                _give(answer, _surprises(answer, plan(DRILLS, schedule, between), options))
            elif exam:
                _sit(answer, chosen, options)
            elif name:
                _give(answer, [_run(chosen, _with_hints(chosen, options))])
            else:
                _give(answer, (_attempt(answer, each, options) for each in DRILLS))


def _run(drill: "Drill", options: "Options") -> "Result":
    from lastwish.drills.runner import run
    from lastwish.local.drill_note import noted
    from lastwish.site import LocalSite

    site = LocalSite()
    with noted(site.home, options.fault_name or drill.name) as lines:
        result = run(drill, site, options)
        lines.extend(result.lines())
    return result


def _attempt(answer: Answer, drill: "Drill", options: "Options") -> "Result":
    """Run one of several drills: one that cannot begin has failed, and the others go on."""
    from lastwish.drills.result import failed

    answer.note(f"--- {drill.name}: {drill.mode.title.lower()}")
    try:
        return _run(drill, _with_hints(drill, options))
    except CommandError as error:
        return failed(drill, str(error))


def _surprises(answer: Answer, plan: "Iterator[Planned]", options: "Options") -> "Iterator[Result]":
    try:
        for planned in plan:
            answer.note(f"the next surprise comes in {planned.wait / 60:.1f} minutes; Ctrl-C ends the day")
            time.sleep(planned.wait)
            yield _attempt(answer, planned.drill, replace(options, seed=planned.seed))
    except KeyboardInterrupt:
        answer.note("that was the day")


def _with_hints(drill: "Drill", options: "Options") -> "Options":
    """Give hints to a person at this terminal who types `hint`."""
    from lastwish.drills.exam import Hints

    # A process in the background that reads from the terminal is stopped by the system.
    if not sys.stdin.isatty() or os.getpgrp() != os.tcgetpgrp(sys.stdin.fileno()):
        return options
    hints = Hints(drill, sys.stdin, options.tell)

    def held(so_far: float) -> bool:
        hints.listen()
        return options.held(so_far)

    return replace(options, held=held)


def _sit(answer: Answer, drill: "Drill", options: "Options") -> None:
    from lastwish.drills.catalogue import DRILLS
    from lastwish.drills.exam import HELP, HIDDEN, Exam, Hints

    exam = Exam(Hints(drill, sys.stdin, answer.note), frozenset(each.name for each in DRILLS))
    answer.note(f"checking that all is well; then something breaks; {HELP}")

    def held(so_far: float) -> bool:
        return exam.goes_on(so_far) or options.held(so_far)

    result = _run(drill, replace(options, held=held, tell=lambda _: None, fault_name=HIDDEN))
    ok = result.ok and exam.found
    lines = [] if result.ok else result.lines()
    answer.give({"ok": ok, "drills": [result.facts()], "exam": exam.facts()}, *lines, *exam.certificate(result))
    if not ok:
        raise typer.Exit(1)


def _give(answer: Answer, results: "Iterable[Result]") -> None:
    """Report each drill as it ends; as JSON, all of them at the end too. Raises Exit(1) where one failed."""
    done = []
    for result in results:
        done.append(result)
        if answer.as_json:
            for line in result.lines():
                answer.note(line)
        else:
            answer.give({}, *result.lines())
    ok = all(each.ok for each in done)
    if answer.as_json:
        answer.give({"ok": ok, "drills": [each.facts() for each in done]})
    if not ok:
        raise typer.Exit(1)


def _seconds(text: str) -> float:
    from lastwish.observe.moments import span

    try:
        return span(text).total_seconds()
    except ValueError as error:
        raise UsageError(str(error)) from None
