"""Whose vote it is: the phone that was answered 202 for a wish gets a cookie, and the vote of that wish needs it.

Everybody can read the id of a wish in the feed, so the id alone proves nothing.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

LIFE = 7200  # seconds; longer than a talk, after which there is nothing to vote about


@dataclass(frozen=True)
class Ballots:
    """Makes and checks the cookies, each from its wish's id with ``key``, the stack's own."""

    key: str

    def cookie(self, wish_id: str) -> str:
        """Return the header Set-Cookie for who sent this wish. Only the stage gets it back, and no script reads it."""
        return f"{_name(wish_id)}={self._token(wish_id)}; Path=/stage; Max-Age={LIFE}; HttpOnly; SameSite=Strict"

    def has(self, cookies: Mapping[str, str], wish_id: str) -> bool:
        """Return whether these cookies are of who sent this wish."""
        return hmac.compare_digest(cookies.get(_name(wish_id), "").encode(), self._token(wish_id).encode())

    def _token(self, wish_id: str) -> str:
        return hmac.new(self.key.encode(), f"vote {wish_id}".encode(), hashlib.sha256).hexdigest()


def _name(wish_id: str) -> str:
    return f"vote-{wish_id}"
