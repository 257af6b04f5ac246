"""The only reader of the environment: one frozen, validated model per function, read once at cold start."""

import os
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, NonNegativeInt, ValidationError

from domain.events import Destination


class SettingsError(RuntimeError):
    """The function was deployed with a missing or unusable variable. Raised at start-up, naming each."""


def _words(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True)

    @classmethod
    def from_env(cls) -> Self:
        """Read ``FIELD_NAME`` for each ``field_name``. Raises SettingsError."""
        try:
            return cls.model_validate({name: os.environ.get(name.upper()) for name in cls.model_fields})
        except ValidationError as error:
            names = ", ".join(str(fault["loc"][0]).upper() for fault in error.errors())
            raise SettingsError(f"missing or unusable environment variables: {names}") from None


class _Ships(_Settings):
    mars_seats: NonNegativeInt
    jupiter_seats: NonNegativeInt

    @property
    def capacity(self) -> dict[Destination, int]:
        """How many seats each destination has."""
        return {"mars": self.mars_seats, "jupiter": self.jupiter_seats}


class FrontendSettings(_Ships):
    """``inbox_url`` is where wishes go, ``event_store`` and ``read_model`` the tables they are read from.

    ``public_url`` is what the QR code says; empty: the address of the stage.
    """

    inbox_url: str
    event_store: str
    read_model: str
    public_url: str


class ConsoleSettings(_Settings):
    """``user_pool_client`` is the app client through which operators sign in."""

    event_store: str
    read_model: str
    user_pool_client: str


class MissionSettings(_Settings):
    """Each ``…_url`` is a queue's; ``stack_name`` and ``stage`` are dimensions of AWS's own metrics."""

    stack_name: str
    stage: str
    event_store: str
    inbox_url: str
    inbox_dlq_url: str
    pods_url: str
    pods_dlq_url: str
    projector_dlq_url: str

    @property
    def queues(self) -> dict[str, str]:
        """The queues' URLs by their names in the template."""
        urls = {"Inbox": self.inbox_url, "InboxDlq": self.inbox_dlq_url, "Pods": self.pods_url}
        return urls | {"PodsDlq": self.pods_dlq_url, "ProjectorDlq": self.projector_dlq_url}

    @property
    def placeholders(self) -> dict[str, str]:
        """What the template's placeholders in the dimensions of metrics stand for."""
        names = {f"${{{name}.QueueName}}": url.rpartition("/")[2] for name, url in self.queues.items()}
        return names | {"${AWS::StackName}": self.stack_name, "${Stage}": self.stage}


class ParserSettings(_Settings):
    """``closed_destinations`` and ``held_words`` come as words with commas between."""

    inbox_url: str
    inbox_dlq_url: str
    pods_url: str
    closed_destinations: Annotated[frozenset[str], BeforeValidator(_words)]
    held_words: Annotated[frozenset[str], BeforeValidator(_words)]


class ProjectorSettings(_Settings):
    """``event_store`` is where gaps are filled from, ``read_model`` the table that is written."""

    event_store: str
    read_model: str


class WorkerSettings(_Ships):
    """``event_store`` is the table that commits are appended to, ``seats`` the one that leases.

    ``wall_delay`` is how many seconds a wish waits before the wall shows it.
    """

    pods_url: str
    pods_dlq_url: str
    event_store: str
    seats: str
    wall_delay: NonNegativeInt
