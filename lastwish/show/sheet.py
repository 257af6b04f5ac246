"""The cue sheet of a show: a YAML file, checked field by field. docs/show.md describes it.

What is unknown, missing or written twice is refused, with its line and the name of its cue.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lastwish.errors import SheetError, did_you_mean
from lastwish.load.plan import PlanOptions
from lastwish.local.faults import Fault
from lastwish.maintenance.dlq import printable

VOTED = "voted"  # in the place of a drill's name: what the hall voted for
type Place = Literal["form", "phone", "wall", "console", "mission", "terminal", "runbook", "injection"]
type Reset = Literal["faults", "retry", "wishes", "measurements"]
type Words = Annotated[str, Field(min_length=1)]
type Language = Annotated[str, Field(pattern="^(en|ja)$")]
_PROOFS = ("metric", "alarm", "wishes", "audit")
_METRIC = r"^(frontend|parser|worker|projector|console|mission) [A-Z]\w+$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sight(_Strict):
    """Something that should be seen. At most one of the proofs; without one, only people can tell.

    ``metric`` is "service Name", counted since the cue began; ``wishes`` are counted since the show began. The proof
    must hold within so many seconds, and for a metric or wishes reach ``at_least``.
    """

    what: Words
    metric: Annotated[str, Field(pattern=_METRIC)] | None = None
    alarm: Words | None = None
    wishes: Literal["boarded", "waitlisted", "rejected"] | None = None
    audit: Literal["ok"] | None = None
    at_least: Annotated[int, Field(ge=1)] = 1
    within: Annotated[float, Field(gt=0, le=600)] = 60

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if sum(getattr(self, proof) is not None for proof in _PROOFS) > 1:
            raise ValueError(f"one of {', '.join(_PROOFS)}, not two: write two lines")
        return self

    @property
    def is_for_people(self) -> bool:
        """Return whether no machine can tell."""
        return all(getattr(self, proof) is None for proof in _PROOFS)


class Vote(_Strict):
    """A vote of the hall: which of these drills? Open for so many seconds. Pages show the words in ``choices``."""

    choices: Annotated[dict[Words, dict[Language, Words]], Field(min_length=2, max_length=4)]
    seconds: Annotated[int, Field(ge=5, le=600)] = 45


class Cue(_Strict):
    """One step of the show. ``drill`` or ``fault`` breaks something, until a cue resets faults at its end.

    ``load`` is sent as `lastwish load` does; with ``load_if_no_hall`` only where no hall sends. ``finale`` puts the
    audit on the wall.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: Words
    minutes: Annotated[float, Field(gt=0, le=240)]
    say: Words
    look: dict[Place, Words] = {}
    load: PlanOptions | None = None
    load_if_no_hall: bool = False
    vote: Vote | None = None
    drill: Words | None = None
    fault: Fault | None = None
    see: list[Sight] = []
    reset: list[Reset] = []
    finale: bool = False

    @model_validator(mode="after")
    def _one_fault(self) -> Self:
        if self.drill and self.fault:
            raise ValueError("drill or fault, not both: one thing is broken at a time")
        return self


class Show(_Strict):
    """A show: its cues in order."""

    title: Words
    about: str = ""
    cues: Annotated[list[Cue], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        twice = [name for name, count in Counter(cue.name for cue in self.cues).items() if count > 1]
        if twice:
            raise ValueError(f"two cues have the name {twice[0]}")
        has_voted = False
        for cue in self.cues:
            if cue.drill == VOTED and not has_voted:
                raise ValueError(f"cue {cue.name} breaks what the hall voted for, and no cue before it has a vote")
            has_voted |= cue.vote is not None
        return self

    @property
    def minutes(self) -> float:
        """Length of the whole show."""
        return sum(cue.minutes for cue in self.cues)

    @property
    def first_choice(self) -> str:
        """Return the first choice of its first vote: what is broken where nobody voted. There must be a vote."""
        return next(name for cue in self.cues if cue.vote for name in cue.vote.choices)

    def number(self, name: str) -> int:
        """Return the number of a cue, from 0. Raises SheetError."""
        names = [cue.name for cue in self.cues]
        if name not in names:
            raise SheetError(f"there is no cue {name}{did_you_mean(name, names)}: there are {', '.join(names)}")
        return names.index(name)


def read(file: Path) -> Show:
    """Read a cue sheet. Raises SheetError, with a line for each thing that is wrong."""
    try:
        text = file.read_text()
        node, raw = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except OSError as error:
        raise SheetError(f"{file} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError) as error:  # PyYAML lets ValueErrors of dates and numbers through
        raise SheetError(printable(f"{file} is no YAML: {' '.join(str(error).split())}")) from None
    except RecursionError:
        raise SheetError(f"{file} is no cue sheet: it is nested too deeply") from None
    wrong = [f"line {line}: {key} is written twice" for key, line in _twice(node, set())]
    try:
        show = Show.model_validate(raw)
    except ValidationError as error:
        wrong += [_words(node, raw, each["loc"], each["msg"]) for each in error.errors(include_input=False)]
    if wrong := list(map(printable, wrong)):
        raise SheetError("\n".join([f"{file} is no cue sheet:", *wrong]), file=str(file), wrong=wrong)
    return show


def _twice(node: Any, visited: set[int]) -> Iterator[tuple[str, int]]:
    """Yield each key that stands twice in one mapping, and its second line: YAML would keep the last."""
    if id(node) in visited:  # an alias, maybe of what it stands in
        return
    visited.add(id(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _twice(value, visited)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value, visited)


def _words(node: Any, raw: Any, place: tuple[int | str, ...], message: str) -> str:
    """Return one error with its line, its cue and its field."""
    line = node.start_mark.line + 1 if node else 1
    for step in place:
        match node:
            case yaml.MappingNode(value=pairs) if found := [pair for pair in pairs if pair[0].value == step]:
                line, node = found[0][0].start_mark.line + 1, found[0][1]
            case yaml.SequenceNode(value=items) if isinstance(step, int) and step < len(items):
                line, node = items[step].start_mark.line + 1, items[step]
            case _:  # what is missing, or pydantic's own step, has no place
                break
    named = [f"line {line}"]
    if place[:1] == ("cues",) and len(place) > 1:
        cue = raw["cues"][place[1]]
        name = cue.get("name") if isinstance(cue, dict) else None
        named.append(f"cue {name or int(place[1]) + 1}")
        place = place[2:]
    field = [".".join(map(str, place))] if place else []
    what = "there is no such key" if message.startswith(("Extra inputs", "Unexpected keyword")) else message
    return ", ".join([*named, *field]) + f": {what.removeprefix('Value error, ')}"
