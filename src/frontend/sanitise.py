"""Clean typed text, before escape.py makes it inert.

The order matters: compose, drop deceptive characters, compose again, trim, measure, and escape last. Nothing may
normalise after the escape: NFKC would turn full-width ``＜script＞`` into a tag.
"""

import unicodedata

# Letters and marks that show nothing: Hangul fillers, Khmer inherent vowels, the blank Braille pattern, the combining
# grapheme joiner.
_INVISIBLE = frozenset([0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0])
# Of the format characters (category Cf: zero-width, bidirectional and other controls that make text look like other
# text) these stay: ZWNJ and ZWJ, which emoji families, Persian and the Indic scripts need; the tags of flags; and the
# number signs of Arabic, Syriac and Kaithi, which are seen.
_JOINERS = frozenset([0x200C, 0x200D])
_TAGS = range(0xE0020, 0xE0080)
_NUMBER_SIGNS = frozenset([*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD])


def normalise(typed: str) -> str:
    """Return the text as it is stored: NFC, LF line ends, no invisible characters but the joiners, trimmed.

    Return an empty text where nothing of it is visible.
    """
    text = unicodedata.normalize("NFC", typed)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    # Composed again: a character between a letter and its accent may be gone now.
    text = unicodedata.normalize("NFC", "".join(filter(_is_kept, text))).strip()
    return text if any(map(_is_visible, text)) else ""


def _is_kept(character: str) -> bool:
    code, category = ord(character), unicodedata.category(character)
    if category == "Cf":
        return code in _JOINERS or code in _TAGS or code in _NUMBER_SIGNS
    is_noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    is_control = category in ("Cc", "Cs") and character != "\n"
    return not (is_noncharacter or is_control or code in _INVISIBLE)


def _is_visible(character: str) -> bool:
    code = ord(character)
    return not (character.isspace() or code in _JOINERS or code in _TAGS)
