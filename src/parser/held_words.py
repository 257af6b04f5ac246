"""Words for which a wish is held: the list beside this file, and words for this event from the settings."""

from collections.abc import Collection
from pathlib import Path

from domain.screening import HeldWords

_LIST = Path(__file__).with_name("held_words.txt")


def load_held_words(more: Collection[str]) -> HeldWords:
    """Return all of them."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return HeldWords(word for word in [*lines, *more] if word and not word.startswith("#"))
