"""Who is who: the digest of a payload and the id of a wish, both pure functions of what was sent."""

import hashlib
import json
from uuid import UUID, uuid5


def payload_digest(destination: str, name: str | None, message: str) -> str:
    """SHA-256, in hex, of the cleaned payload. Equal for two taps on the same button, different for another text."""
    canonical = json.dumps([destination, name, message], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def keyed_wish_id(idempotency_key: UUID, digest: str) -> str:
    """The id that every repetition of this request gets. A key reused for another text gives another: none is lost."""
    return str(uuid5(idempotency_key, digest))
