"""Settings from the environment: one frozen, validated model per function, read once at cold start."""

import os
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, NonNegativeInt, ValidationError

from domain.events import Destination


class SettingsError(RuntimeError):
    """Raised at start-up for missing or unusable environment variables, with their names."""


def split_words(value: Any) -> Any:
    """Return the words of a text that has commas between them; anything else as it is."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)  # a function needs one of them

    @classmethod
    def from_env(cls) -> Self:
        """Read ``FIELD_NAME`` for each ``field_name``. Raises SettingsError."""
        try:
            return cls.model_validate({name: os.environ.get(name.upper()) for name in cls.model_fields})
        except ValidationError as error:
            names = ", ".join(str(fault["loc"][0]).upper() for fault in error.errors())
            raise SettingsError(f"missing or unusable environment variables: {names}") from None


class _SeatSettings(_Settings):
    mars_seats: NonNegativeInt
    jupiter_seats: NonNegativeInt

    @property
    def capacity(self) -> dict[Destination, int]:
        """Return the number of seats of each destination."""
        return {"mars": self.mars_seats, "jupiter": self.jupiter_seats}


class FrontendSettings(_SeatSettings):
    """Wishes go to ``inbox_url`` and are read from the tables ``event_store`` and ``read_model``.

    ``public_url`` is the address in the QR code; empty: the address of the stage.
    """

    inbox_url: str
    event_store: str
    read_model: str
    public_url: str


class ConsoleSettings(_Settings):
    """Operators sign in to ``user_pool`` through its app client ``user_pool_client``.

    Erasures reach the queues ``dead_letter_urls``, separated by commas: the parked letters' too.
    """

    event_store: str
    read_model: str
    dead_letter_urls: Annotated[tuple[str, ...], BeforeValidator(split_words)]
    user_pool: str
    user_pool_client: str


class MissionSettings(_Settings):
    """Each ``…_url`` is that of a queue; ``stack_name`` and ``stage`` are dimensions of AWS's own metrics.

    ``traced_services`` are X-Ray's names of this stack, separated by commas: a trace passes at least one of them.
    ``log_groups`` are those of the functions, each as ``service=group``.
    """

    stack_name: str
    stage: str
    traced_services: Annotated[frozenset[str], BeforeValidator(split_words)]
    log_groups: Annotated[tuple[str, ...], BeforeValidator(split_words)]
    event_store: str
    inbox_url: str
    inbox_dlq_url: str
    pods_url: str
    pods_dlq_url: str
    projector_dlq_url: str

    @property
    def queues(self) -> dict[str, str]:
        """Return the URLs of the queues by their names in the template."""
        urls = {"Inbox": self.inbox_url, "InboxDlq": self.inbox_dlq_url, "Pods": self.pods_url}
        return urls | {"PodsDlq": self.pods_dlq_url, "ProjectorDlq": self.projector_dlq_url}

    @property
    def placeholders(self) -> dict[str, str]:
        """Return the values of the template's placeholders in metrics."""
        names = {f"${{{name}.QueueName}}": url.rpartition("/")[2] for name, url in self.queues.items()}
        return names | {"${AWS::StackName}": self.stack_name, "${Stage}": self.stage}


class ParserSettings(_Settings):
    """``closed_destinations`` and ``held_words`` are words, separated by commas.

    Parameters below ``parameter_path`` count before these two, without a deploy; empty: there are none.
    """

    inbox_url: str
    inbox_dlq_url: str
    pods_url: str
    closed_destinations: Annotated[frozenset[str], BeforeValidator(split_words)]
    held_words: Annotated[frozenset[str], BeforeValidator(split_words)]
    parameter_path: str


class ProjectorSettings(_Settings):
    """Gaps are filled from the table ``event_store``; the table ``read_model`` is written."""

    event_store: str
    read_model: str


class WorkerSettings(_SeatSettings):
    """Commits are appended to the table ``event_store``; seats are leased from the table ``seats``.

    The wall shows a wish after ``wall_delay`` seconds.
    """

    pods_url: str
    pods_dlq_url: str
    event_store: str
    seats: str
    wall_delay: NonNegativeInt
