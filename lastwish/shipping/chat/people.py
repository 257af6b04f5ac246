"""Who may do what from chat: a TOML file. It is read at the start: a change needs a new start."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, StringConstraints, ValidationError

from lastwish.errors import CommandError, did_you_mean
from lastwish.shipping.written import fault


class ChatError(CommandError):
    """The chat cannot start, or cannot do what was asked."""

    next_step = "docs/chat.md says how to set it up"


# Slack: "Member ID" in a profile, "Channel ID" at the end of a channel's details.
_Member = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,20}$")]
_Channel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,20}$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,40}$")]  # nothing that Slack would format


class Person(BaseModel, frozen=True, extra="forbid"):
    """``name`` is what the history shows; all is allowed in ``environments``, and nothing elsewhere."""

    name: _Name
    environments: tuple[str, ...]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """``people`` by their member id in Slack. Alarms and drills of what is in ``watch`` are posted in ``channel``."""

    people: dict[_Member, Person]
    channel: _Channel | None = None
    watch: tuple[str, ...] = ()

    def person(self, member: str, environment: str | None = None) -> Person:
        """Return who has this member id, if this environment is theirs, where one is named. Raises ChatError."""
        ask = "ask who runs `lastwish chat` to change its file"
        if (person := self.people.get(member)) is None:
            raise ChatError(f"this app does not know you; your member id is {member}", next_step=ask)
        if environment is not None and environment not in person.environments:
            theirs = f"{person.name}, whose environments are: {', '.join(person.environments) or 'none'}"
            raise ChatError(f"{environment[:40]} is not for {theirs}", next_step=ask)
        return person


def read(file: Path, environments: list[str]) -> Settings:
    """Read the file; ``environments`` are those that there are. Raises ChatError, with what is wrong with it."""
    try:
        settings = Settings.model_validate(tomllib.loads(file.read_text()))
    except ValidationError as error:
        raise ChatError(f"{file}: {fault(error.errors(include_input=False)[0])}") from None
    except (OSError, ValueError) as error:
        raise ChatError(f"{file}, which says who may do what, cannot be read: {error}") from None
    people = settings.people.values()
    for each in (*settings.watch, *(name for person in people for name in person.environments)):
        if each not in environments:
            raise ChatError(f"{file}: samconfig.toml has no environment {each!r}{did_you_mean(each, environments)}")
    if settings.watch and not settings.channel:
        raise ChatError(f"{file}: watch needs a channel, where alarms are posted")
    if len({person.name for person in people}) < len(people):
        raise ChatError(f"{file}: two people have the same name; the history could not tell them apart")
    return settings
