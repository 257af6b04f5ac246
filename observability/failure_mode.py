"""What a failure mode is, and how its risk is rated: FMEA, three numbers from 1 to 10 whose product is the risk.

The scales are data, since docs/failure-modes.md prints them. A step between two that are written down is between them.
"""

from dataclasses import dataclass

SEVERITY = {
    1: "nobody notices",
    3: "an operator notices, the audience does not",
    5: "something comes late, and comes",
    7: "part of the audience misses something until somebody mends it",
    8: "everybody's wish stands still, although each was told that it was accepted",
    9: "the hall sees that it is broken",
    10: "wishes are refused or lost, or somebody else's text runs as code: the show stops",
}
OCCURRENCE = {
    1: "nobody has seen it",
    2: "in one show of a hundred",
    4: "in one show of ten",
    6: "in one show of three",
    8: "in most shows",
    10: "in every show, as soon as the hall takes out its phones",
}
DETECTION = {
    1: "a test catches it before it is deployed",
    2: "within three minutes, and the alarm names the cause",
    3: "within five minutes, and the alarm names the symptom",
    5: "within a quarter of an hour, then somebody has to search",
    7: "when somebody happens to look at the right graph",
    9: "when the audience says so",
    10: "when it is over: in the audit, in a letter, in a tweet",
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
        """The product, 1 to 1000."""
        return self.severity * self.occurrence * self.detection


@dataclass(frozen=True, slots=True)
class FailureMode:
    """One way to fail. ``alarms`` are those whose runbook this mode's is; ``also`` ring too, and have another's.

    ``before`` rates it in a pipeline of the same services without what is built here, ``after`` with it. ``metrics``
    are ``service Name`` or ``AWS/Namespace Name``; ``log`` is what to grep for, ``trace`` what the waterfall shows.
    ``slo`` is the objective whose budget it burns, ``automatic`` what the system does before anybody read the alarm.
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
    automatic: str
    also: tuple[str, ...] = ()

    @property
    def severity(self) -> int:
        """How bad it is for the audience, 1 to 10."""
        return self.before.severity

    @property
    def occurrence(self) -> int:
        """How often it happens, 1 to 10."""
        return self.before.occurrence

    @property
    def detection(self) -> int:
        """How late it would be known, 1 to 10."""
        return self.before.detection

    @property
    def risk(self) -> int:
        """Risk priority number, 1 to 1000, before anything was done about it."""
        return self.before.risk

    @property
    def runbook(self) -> str:
        """The page for the person who was woken, from the root of the repository."""
        return f"docs/runbooks/{self.name}.md"

    @property
    def drill(self) -> str:
        """The drill that brings it about: `lastwish drill NAME`."""
        return self.name
