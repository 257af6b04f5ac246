"""Order-free checksum of an import: of the source as it was read, and of what is stored. Both must be equal.

It is the sum, modulo 2^128, of half of the SHA-256 of each wish: id, digest of its text, time of its submission. A
sum, and no XOR, so that a wish that is there twice does not vanish. What is stored is read as plain items, not through
the code that wrote them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.commit import wish_of
from domain.identity import payload_digest
from infra.items import values_of

_MODULUS = 2**128


@dataclass(frozen=True, slots=True)
class Checksum:
    """``count`` wishes and their sum. ``altered`` of them have a text that does not give their digest."""

    count: int = 0
    total: int = 0
    altered: int = 0

    def facts(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"count": self.count, "checksum": f"{self.total:032x}", "altered": self.altered}

    def plus(self, wish_id: str, digest: str, time: str, *, altered: bool = False) -> "Checksum":
        """Return it with one more wish. ``time`` is RFC 3339 with milliseconds, as it is stored."""
        hashed = hashlib.sha256(f"{wish_id} {digest} {time}".encode()).digest()[:16]
        return Checksum(self.count + 1, (self.total + int.from_bytes(hashed)) % _MODULUS, self.altered + altered)


def of_items(items: Iterable[Mapping[str, Any]], origin: str) -> Checksum:
    """Return the checksum of the items of an event store that imports of this origin, or of its batches, wrote."""
    found = Checksum()
    for item in items:
        if f"{item['correlation_id']['S']}:".startswith(f"{origin}:") and item["version"]["N"] == "1":
            stored = values_of(item)
            first = stored["events"][0]
            data = first["data"]
            message, name = data.get("message"), data.get("name")
            # An erased wish keeps its digest, and has no text to compare it with.
            altered = message is not None and payload_digest(data["destination"], name, message) != data["digest"]
            found = found.plus(wish_of(stored["stream"]), data["digest"], first["time"], altered=altered)
    return found
