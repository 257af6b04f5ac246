"""The words for which a wish is held: the list beside this file, and those of the event's own."""

from collections.abc import Collection
from pathlib import Path

from domain.screening import plain

_LIST = Path(__file__).with_name("held_words.txt")


def held_words(more: Collection[str]) -> frozenset[str]:
    """All of them, in the form that the screening compares with."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(plain(word) for word in [*lines, *more] if word and not word.startswith("#"))
