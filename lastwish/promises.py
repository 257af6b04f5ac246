"""Promises: what a record that the chain does not write says was answered 202."""

from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5


@dataclass(frozen=True)
class Promises:
    """``wish_ids`` were answered 202 (or 303, a form), in the order of their answers, with duplicates.

    Of ``unknown_ends`` requests nobody knows the answer: each may have stored one wish that nobody was promised.
    ``unreadable`` names the damaged places of the record. It has every request between ``since`` and ``until`` (None:
    no bound); about wishes submitted before or after, it says nothing.
    """

    wish_ids: list[str]
    unknown_ends: int = 0
    unreadable: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def cover(self, moment: datetime | None) -> bool:
        """Return whether the record has every request of a moment; None: of any moment."""
        if moment is None:
            return self.since is None and self.until is None
        return (self.since is None or self.since <= moment) and (self.until is None or moment <= self.until)


def import_id(wish_id: str) -> str:
    """Return the id of the commit by which an import stores a wish: another record than ours promised it."""
    return str(uuid5(NAMESPACE_URL, f"urn:lastwish:imported:{wish_id}"))
