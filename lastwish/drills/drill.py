"""What a drill is: a load, faults, and what must be seen because of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from lastwish.local.faults import Fault
from mission.slos import BURNS
from observability.failure_mode import FailureMode

type Undo = Callable[[], None]


@dataclass(frozen=True)
class Load:
    """People who send until the drill ends: waves of ``wishes``, ``rate`` a second.

    Each wave is sent ``copies`` times with the same keys, after the first time with a pause in seconds. ``kind``:
    ``hostile`` texts are markup, ``pages`` open the form and send nothing, ``hasty`` phones do not wait for an answer
    and send again.
    """

    kind: Literal["ordinary", "hostile", "pages", "hasty"] = "ordinary"
    wishes: int = 8
    rate: float = 4.0
    copies: int = 1
    pause: float = 0.0


@dataclass(frozen=True)
class Symptom:
    """``words`` say what is seen, ``seen`` asks a `Sight` whether it is."""

    words: str
    seen: Callable[[Any], bool]


@dataclass(frozen=True)
class Drill:
    """``alarm`` must ring, one of the mode's; None: the mode has none here, for the reason in ``why_no_alarm``.

    ``about`` says what is done besides the faults. ``act`` does what is no fault of a call, with the site, and returns
    how to undo it. It must leave nothing that outlives a killed process and needs an undo.
    """

    mode: FailureMode
    symptoms: tuple[Symptom, ...]
    alarm: str | None
    faults: tuple[Fault, ...] = ()
    load: Load = Load()
    about: str = ""
    act: Callable[[Any], Undo] | None = None
    why_no_alarm: str = ""

    @property
    def name(self) -> str:
        """Name of its failure mode."""
        return self.mode.name

    @property
    def allowed(self) -> frozenset[str]:
        """Alarms that may ring as well: of the same runbook, the related ones, and of the budget that it burns."""
        burns = {f"slo-{self.mode.slo}-{burn.name}" for burn in BURNS if self.mode.slo}
        return frozenset({*self.mode.alarms, *self.mode.related_alarms, *burns})

    @property
    def hints(self) -> tuple[str, ...]:
        """What to look at, from far to near. The last one is the answer."""
        mode = self.mode
        return (
            f"The audience sees: {mode.audience_sees}.",
            f"Look at these metrics: {', '.join(mode.metrics)}.",
            f"Grep the logs for: {mode.log}",
            f"Look at a trace: {mode.trace}.",
            f"It is {mode.name} ({mode.title.lower()}); {mode.runbook} says what to do.",
        )
