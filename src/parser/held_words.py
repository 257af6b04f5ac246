"""Words for which a wish is held: the list beside this file, and words for this event from the settings."""

from functools import lru_cache
from pathlib import Path

from domain.screening import HeldWords

_LIST = Path(__file__).with_name("held_words.txt")


@lru_cache(maxsize=1)
def load_held_words(more: frozenset[str]) -> HeldWords:
    """Return all of them. Those of the last call are kept: ``more`` seldom changes."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return HeldWords(word for word in [*lines, *more] if word and not word.startswith("#"))
