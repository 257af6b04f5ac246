"""What a cue does to the stack that runs here, and how it is undone.

What a drill breaks stays broken until a cue puts faults in order, or this process ends: also by `kill -9`, since a
fault has to be renewed (lastwish/drills/keeping.py). Alarms run faster meanwhile: a talk has no quarter of an hour.
"""

from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from uuid import uuid4

from lastwish.aws.clients import plain_errors
from lastwish.drills import catalogue, keeping
from lastwish.drills.drill import Drill
from lastwish.drills.runner import PACE
from lastwish.errors import CommandError
from lastwish.load.plan import Plan, PlanOptions
from lastwish.load.sender_process import SenderOptions, start_sender
from lastwish.local import interrupts, reset, stage
from lastwish.local.engine import process as engine
from lastwish.local.faults import Fault
from lastwish.local.proxy import injection
from lastwish.maintenance.stores import stores
from lastwish.show.sheet import VOTED, Cue, Show, Sight
from lastwish.site import LocalSite


class Stagehand:
    """Begins and ends cues. Use it as a context, in the main thread: it leaves no load, no fault and no vote behind."""

    def __init__(self, site: LocalSite, show: Show, *, hall: bool) -> None:
        self._site, self._stores, self._show, self._has_hall = site, stores(site), show, hall
        self._evening = str(uuid4())  # a second show on a stack sends wishes of its own
        self._load, self._broken = ExitStack(), ExitStack()

    @property
    def links(self) -> dict[str, str]:
        """Addresses of the places that have one, for the presenter."""
        state = self._site.state
        below = {
            "mission": "sign-in#mission",
            "runbook": "docs/failure-modes.md",
            "injection": injection.path(state.key),
        }
        links = {place: state.url + path for place, path in below.items()}
        return links | {"form": state.public, "wall": state.wall, "console": state.console}

    def __enter__(self) -> Self:
        stage.clear(self._site.home)
        return self

    def __exit__(self, *_: object) -> None:
        with interrupts.ignored(), ExitStack() as last:  # each of them, whatever the others raise
            last.callback(self._let_board)
            last.callback(stage.clear, self._site.home)
            last.callback(self.strike)

    def begin(self, cue: Cue) -> None:
        """Do what a cue asks for. Raises EngineFailed, SenderFailed."""
        if cue.vote:
            stage.open_vote(self._site.home, cue.vote.choices, cue.vote.seconds)
        if cue.load and not (cue.load_if_no_hall and self._has_hall):
            self._send(cue.load)
        if cue.fault:
            self._break(cue.fault.name or cue.name, cue.title, [cue.fault])
        if cue.drill:
            chosen = self.chosen(cue.drill)
            self._break(chosen.name, chosen.mode.title, chosen.faults)

    def end(self, cue: Cue) -> None:
        """Mend at the end of a cue what is broken, if it asks for that. `reset` does the rest. Raises EngineFailed."""
        if "faults" in cue.reset:
            self._mend()

    def reset(self, cue: Cue) -> None:
        """Put the rest in order, as the cue asks for; any thread may do it. Raises EngineFailed, AwsError, Busy."""
        if "retry" in cue.reset:
            engine.retry(self._site.state.aws)
        if "wishes" in cue.reset:
            self._load.close()
            reset.reset(self._site.state, self._site.home)
        if "measurements" in cue.reset:
            reset.measurements(self._site.state)

    def strike(self) -> None:
        """End at once all that this show began: faults first, then loads."""
        with ExitStack() as last:
            last.callback(self._load.close)
            last.callback(self._mend)

    def blank(self, on: bool) -> None:
        """Blank the wall, or bring it back. Raises AwsError."""
        with plain_errors():
            self._stores.read_model.blank(on)

    def show_finale(self, finale: dict[str, Any] | None) -> None:
        """Put the audit on the wall, or take it away."""
        stage.put(self._site.home, finale=finale)

    def chosen(self, drill: str) -> Drill:
        """Return a drill by its name; of VOTED, what has the most votes."""
        name = stage.result(self._site.home) or self._show.first_choice if drill == VOTED else drill
        return catalogue.find(name)

    def looked_for(self, cue: Cue) -> list[Sight]:
        """Return what should be seen in a cue, with the alarm of what the hall chose; it may have none here."""
        return [
            sight.model_copy(update={"alarm": self.chosen(VOTED).alarm}) if sight.alarm == VOTED else sight
            for sight in cue.see
        ]

    def _break(self, name: str, title: str, what: Iterable[Fault]) -> None:
        self._mend()
        named = [replace(fault, name=name) for fault in what]
        self._broken.enter_context(keeping.kept_pace(self._site.state.aws, PACE))
        self._broken.enter_context(keeping.kept_faults(self._site.state.aws, named))
        stage.announce(self._site.home, name, title)

    def _let_board(self) -> None:
        """Let what still waits after the last fault be tried at once."""
        with suppress(CommandError):
            engine.retry(self._site.state.aws)

    def _mend(self) -> None:
        self._broken.close()
        stage.mended(self._site.home)

    def _send(self, load: PlanOptions) -> None:
        self._load.close()
        folder = self._load.enter_context(TemporaryDirectory(prefix="lastwish-show-"))
        plan = Path(folder) / "plan.jsonl"
        Plan(load, people=self._evening).write(plan)
        self._load.enter_context(start_sender(plan, self._site.url, SenderOptions()))
