"""Business rules of the parser: accept or reject a well-formed wish."""

import html
import re
from collections.abc import Collection

from domain.events import WishAccepted, WishRejected, WishSubmitted

_LINK = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)


def judge(wish: WishSubmitted, *, closed: Collection[str]) -> WishAccepted | WishRejected:
    """Accept or reject a wish. ``closed`` names the destinations whose boarding has ended."""
    if wish.destination in closed:
        return WishRejected(reason="boarding-closed")
    if wish.message and _is_only_links(html.unescape(wish.message)):
        return WishRejected(reason="only-links")
    return WishAccepted()


def _is_only_links(text: str) -> bool:
    return all(_LINK.fullmatch(word) for word in text.split())
