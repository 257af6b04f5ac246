"""A failure mode and its risk. FMEA: the risk is the product of three numbers from 1 to 10.

The scales are data, since docs/failure-modes.md prints them. A step that is not listed is between its neighbours.
"""

from dataclasses import dataclass

SEVERITY = {
    1: "nobody notices",
    3: "an operator notices, the audience does not",
    5: "something comes late, but it comes",
    7: "part of the audience misses something until somebody repairs it",
    8: "all wishes stand still after they were accepted",
    9: "the whole hall sees the fault",
    10: "wishes are refused or lost, or somebody else's text runs as code: the show stops",
}
OCCURRENCE = {
    1: "nobody has seen it yet",
    2: "in one show of a hundred",
    4: "in one show of ten",
    6: "in one show of three",
    8: "in most shows",
    10: "in every show, as soon as people take out their phones",
}
DETECTION = {
    1: "a test catches it before it is deployed",
    2: "within three minutes, and the alarm names the cause",
    3: "within five minutes, and the alarm names the symptom",
    5: "within a quarter of an hour, and then somebody must search for the cause",
    7: "when somebody happens to see the right graph",
    9: "when the audience reports it",
    10: "afterwards: in the audit, in a letter, in a tweet",
}


@dataclass(frozen=True, slots=True)
class Rating:
    """Severity, occurrence and detection, each 1 (harmless, never, at once) to 10."""

    severity: int
    occurrence: int
    detection: int

    def __post_init__(self) -> None:
        for number in (self.severity, self.occurrence, self.detection):
            if not 1 <= number <= 10:
                raise ValueError(f"{self} is off the scale")

    @property
    def risk(self) -> int:
        """Return the product, 1 to 1000."""
        return self.severity * self.occurrence * self.detection


@dataclass(frozen=True, slots=True)
class FailureMode:
    """One way to fail. ``alarms`` have the runbook of this mode; ``related_alarms`` go off too, and have another one.

    ``before`` rates the mode in a pipeline of the same services without the measures of this project, ``after`` with
    them. ``metrics`` are ``service Name`` or ``AWS/Namespace Name``; ``log`` is a text to grep for, ``trace`` describes
    the waterfall. ``slo`` is the objective whose budget it burns, ``response`` what the system does by itself.
    """

    name: str
    title: str
    audience_sees: str
    causes: str
    before: Rating
    after: Rating
    metrics: tuple[str, ...]
    log: str
    trace: str
    alarms: tuple[str, ...]
    slo: str | None
    response: str
    related_alarms: tuple[str, ...] = ()

    @property
    def severity(self) -> int:
        """Return how bad it is for the audience, 1 to 10."""
        return self.before.severity

    @property
    def occurrence(self) -> int:
        """Return how often it happens, 1 to 10."""
        return self.before.occurrence

    @property
    def detection(self) -> int:
        """Return how late it is noticed, 1 to 10."""
        return self.before.detection

    @property
    def risk(self) -> int:
        """Return the risk priority number, 1 to 1000, without countermeasures."""
        return self.before.risk

    @property
    def runbook(self) -> str:
        """Return the path of its runbook, from the root of the repository."""
        return f"docs/runbooks/{self.name}.md"

    @property
    def drill(self) -> str:
        """Return the name of its drill: `lastwish drill NAME`."""
        return self.name
