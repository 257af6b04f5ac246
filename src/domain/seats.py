"""Arithmetic of seats, pods and arrivals. infra.seats knows which seats are taken."""

from dataclasses import dataclass
from datetime import date

from domain.events import Destination

POD_SIZE = 100
DEPARTURE = date(2045, 1, 1)
MONTHS_AWAY: dict[Destination, int] = {"mars": 9, "jupiter": 72}


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat on the ship to a destination. Seats count from 1."""

    destination: Destination
    number: int

    @property
    def pod(self) -> int:
        """Return the pod of the seat. Pods count from 1."""
        return (self.number - 1) // POD_SIZE + 1

    @property
    def arrives_on(self) -> date:
        """Return the day of arrival."""
        months = DEPARTURE.month - 1 + MONTHS_AWAY[self.destination]
        return date(DEPARTURE.year + months // 12, months % 12 + 1, DEPARTURE.day)
