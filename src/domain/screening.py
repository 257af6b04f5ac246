"""What an operator should look at before a hall does: a word list and a few signs. It holds, it never rejects."""

import html
import re
import unicodedata
from collections.abc import Collection
from itertools import pairwise

from domain.events import HoldReason, WishHeld, WishSubmitted

_LINK = re.compile(r"(https?://|www\.)\S|\b[a-z0-9-]+\.(com|net|org|info|io|gg|xyz|ru)\b|\b[a-z0-9-]+\.[a-z]{2,}/\w")
# A number of one digit only is laughter in Thai.
_CONTACT = re.compile(r"\S@\S+\.\w|(?<!\w)(?!(\d)\1+\b)\+?\d([ ()./-]?\d){8,}")
# More of the same character or word than anybody laughs, or more empty lines than a thought needs.
_REPETITION = re.compile(r"(\S)\1{29}|\b(\w+)(\W+\2\b){9}|(\n\s*){8}")
_MOST_MARKS = 4  # on one letter: Vietnamese, Hebrew and Thai need up to three
# Written without spaces between words: Han, kana, Hangul, Thai.
_RUNS_ON = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LEET = str.maketrans("@430157$!", "aaeoistsi")
_LOOK_ALIKE = {"LATIN", "CYRILLIC"}  # Greek letters stand in units
_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


def screen(wish: WishSubmitted, words: Collection[str]) -> WishHeld | None:
    """Why an operator should look at this wish first, or None. ``words`` are in the form that ``plain`` gives."""
    text = html.unescape(f"{wish.name or ''}\n{wish.message or ''}")
    reason = _reason(text, plain(text), words)
    return WishHeld(reason=reason) if reason else None


def plain(text: str) -> str:
    """Text as a word list is compared with: compatibility forms, case, accents, katakana and joiners are gone."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c for c in decomposed if _is_kana_mark(c) or unicodedata.category(c) not in ("Mn", "Me", "Cf"))
    return unicodedata.normalize("NFC", kept).translate(_TO_HIRAGANA)


def _reason(text: str, bare: str, words: Collection[str]) -> HoldReason | None:
    if _has_word(bare, words):
        return "word"
    if any(_mixes_alphabets(word) for word in re.findall(r"\w+", bare)):
        return "look-alikes"
    if _LINK.search(bare):
        return "link"
    if _CONTACT.search(bare):
        return "contact"
    if _REPETITION.search(bare):
        return "repetition"
    return "stacked-marks" if _stacks_marks(text) else None


def _has_word(bare: str, words: Collection[str]) -> bool:
    """Whole words where words have spaces between them, so that Scunthorpe stays a town; anywhere where they do not."""
    spelt = re.findall(r"[^\W_]+", bare)
    spelt += re.findall(r"[^\W_]+", bare.translate(_LEET))
    spelt.append("".join(re.findall(r"(?<![^\W_])[^\W_](?![^\W_])", bare)))  # s p e l t
    spelt += [" ".join(two) for two in pairwise(tuple(spelt))]
    seen = {form for word in spelt for form in (word, re.sub(r"(.)\1+", r"\1", word), re.sub(r"(.)\1+", r"\1\1", word))}
    return any(word in bare if _RUNS_ON.search(word) else word in seen for word in words)


def _mixes_alphabets(word: str) -> bool:
    """Whether a word takes letters from two alphabets that look alike, as nobody writes who wants to be read."""
    names = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
    return names >= _LOOK_ALIKE


def _stacks_marks(text: str) -> bool:
    stacked = 0
    for each in unicodedata.normalize("NFD", text):
        stacked = stacked + 1 if _is_mark(each) else 0
        if stacked > _MOST_MARKS:
            return True
    return False


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def _is_kana_mark(character: str) -> bool:
    return character in "\u3099\u309a"  # without its two dots, ba is ha: another word
