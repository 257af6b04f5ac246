"""Digests of payloads and ids of wishes, both pure functions of what was sent."""

import hashlib
import json
from uuid import UUID, uuid5


def payload_digest(destination: str, name: str | None, message: str) -> str:
    """Return the SHA-256, in hex, of the cleaned payload: equal for a double tap, different for another text."""
    canonical = json.dumps([destination, name, message], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def keyed_wish_id(idempotency_key: UUID, digest: str) -> str:
    """Return the same wish id for every repetition of a request. A key reused for another text gives another id."""
    return str(uuid5(idempotency_key, digest))
