"""The only reader of the environment: one frozen, validated model per function, read once at cold start."""

import os
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError


class SettingsError(RuntimeError):
    """The function was deployed with a missing or unusable variable. Raised at start-up, naming each."""


def _words(value: object) -> object:
    return [word for word in value.split(",") if word] if isinstance(value, str) else value


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


class FrontendSettings(_Settings):
    """``inbox_url`` is where wishes go, ``event_store`` the table they are read from."""

    inbox_url: str
    event_store: str


class ParserSettings(_Settings):
    """``closed_destinations`` comes as words with commas between."""

    inbox_url: str
    inbox_dlq_url: str
    pods_url: str
    closed_destinations: Annotated[frozenset[str], BeforeValidator(_words)]


class WorkerSettings(_Settings):
    """``event_store`` is the table that commits are appended to."""

    pods_url: str
    pods_dlq_url: str
    event_store: str
