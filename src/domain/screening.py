"""Screening: find wishes that an operator should see before the audience does. It holds them and never rejects."""

import html
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from domain.events import HoldReason, WishHeld, WishSubmitted

_LINK = re.compile(r"(https?://|www\.)\S|\b[a-z0-9-]+\.(com|net|org|info|io|gg|xyz|ru)\b|\b[a-z0-9-]+\.[a-z]{2,}/\w")
# A number of one repeated digit is laughter in Thai.
_CONTACT = re.compile(r"\S@\S+\.\w|(?<!\w)(?!(\d)\1+\b)\+?\d([ ()./-]?\d){8,}")
# More of the same character or word than in any laughter, or many empty lines.
_REPETITION = re.compile(r"(\S)\1{29}|\b(\w+)(\W+\2\b){9}|(\n\s*){8}")
_MOST_MARKS = 4  # on one letter: Vietnamese, Hebrew and Thai need up to three
# Written without spaces between words: Han, kana, Hangul, Thai.
_WITHOUT_SPACES = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LEET = str.maketrans("@430157$!", "aaeoistsi")
_LOOK_ALIKE = {"LATIN", "CYRILLIC"}  # Greek letters stand in units
_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


class HeldWords:
    """Words for which a wish is held, in the form that ``comparison_form`` gives."""

    def __init__(self, words: Iterable[str]) -> None:
        forms = set(map(comparison_form, words)) - {""}  # of joiners alone nothing stays, and each text has that
        self.anywhere = {form for form in forms if _WITHOUT_SPACES.search(form)}
        self.whole = forms - self.anywhere


def screen(wish: WishSubmitted, words: HeldWords) -> WishHeld | None:
    """Return the reason to hold a wish, or None."""
    text = html.unescape(f"{wish.name or ''}\n{wish.message or ''}")
    reason = _reason(text, comparison_form(text), words)
    return WishHeld(reason=reason) if reason else None


def comparison_form(text: str) -> str:
    """Return a text without compatibility forms, case, accents, katakana and joiners, to compare with a word list."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Me", "Cf") or _is_kana_mark(c))
    return unicodedata.normalize("NFC", letters).translate(_TO_HIRAGANA)


def _reason(text: str, comparable: str, words: HeldWords) -> HoldReason | None:
    if _has_word(comparable, words):
        return "word"
    if any(_mixes_alphabets(word) for word in re.findall(r"\w+", comparable) if not word.isascii()):
        return "look-alikes"
    if _LINK.search(comparable):
        return "link"
    if _CONTACT.search(comparable):
        return "contact"
    if _REPETITION.search(comparable):
        return "repetition"
    return "stacked-marks" if _stacks_marks(text) else None


def _has_word(text: str, words: HeldWords) -> bool:
    """Find whole words, so that Scunthorpe is not held; in scripts without spaces find words anywhere."""
    found = re.findall(r"[^\W_]+", text)
    found += re.findall(r"[^\W_]+", text.translate(_LEET))
    found.append("".join(re.findall(r"(?<![^\W_])[^\W_](?![^\W_])", text)))  # s p e l t
    lines, forms = "\n".join(found), set[str]()
    for variant in (lines, re.sub(r"(.)\1+", r"\1", lines), re.sub(r"(.)\1+", r"\1\1", lines)):
        forms.update(variant.split("\n"), map(" ".join, pairwise(variant.split("\n"))))
    return not words.whole.isdisjoint(forms) or any(word in text for word in words.anywhere)


def _mixes_alphabets(word: str) -> bool:
    """Return true for a word with letters of two alphabets that look alike, which no honest text has."""
    names = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
    return names >= _LOOK_ALIKE


def _stacks_marks(text: str) -> bool:
    stacked = 0
    for character in unicodedata.normalize("NFD", text):
        stacked = stacked + 1 if _is_mark(character) else 0
        if stacked > _MOST_MARKS:
            return True
    return False


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def _is_kana_mark(character: str) -> bool:
    return character in "\u3099\u309a"  # without its two dots, ba is ha: another word
