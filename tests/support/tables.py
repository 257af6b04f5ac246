"""The template's tables on some engine, for the contracts that every engine and fake passes."""

from dataclasses import dataclass
from typing import Any

from infra.event_store import EventStore
from infra.seats import Seats
from lastwish.aws.generations import GenerationStore
from lastwish.maintenance.lock import Lock

NAMES = ("EventStore", "Seats", "ReadModel")


@dataclass(frozen=True)
class Tables:
    """Empty tables and a client of their engine. ``names`` are their names there, by logical id."""

    client: Any
    names: dict[str, str]

    @property
    def events(self) -> EventStore:
        return EventStore(self.client, self.names["EventStore"])

    @property
    def read_model(self) -> GenerationStore:
        return GenerationStore(self.client, self.names["ReadModel"])

    def seats(self, **capacity: int) -> Seats:
        return Seats(self.client, self.names["Seats"], capacity)  # type: ignore[arg-type]

    def lock(self) -> Lock:
        return Lock(self.client, self.names["Seats"], {"id": {"S": "a lock"}}, "trial")
