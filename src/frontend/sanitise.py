"""What people type, made inert. The only importer of bleach.

The order matters: normalise, drop what can only deceive, trim, measure, and escape last. Nothing may normalise after
the escape: NFKC would turn full-width ``＜script＞`` into a tag. ``html.escape`` stands in front of bleach because
bleach alone deletes ``</>`` and comments and shows a typed ``&amp;`` as ``&``. So ``html.unescape(result)`` is exactly
the text, and an HTML parser finds no element in the result. The result is safe as text between tags, not inside an
attribute: quotes stay as they were typed.
"""

import html
import unicodedata

import bleach

# Zero-width and bidirectional controls, which make text look like other text. ZWNJ and ZWJ (U+200C, U+200D) stay:
# emoji families, Persian and the Indic scripts need them.
_DECEIVING = frozenset([0x061C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF])


def normalise(typed: str) -> str:
    """The text as it is kept: NFC, LF line ends, no control, non-character, bidi or zero-width code points, trimmed."""
    text = unicodedata.normalize("NFC", typed)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(filter(_stays, text)).strip()


def escape(text: str) -> str:
    """Normalised text as inert HTML. ``html.unescape`` of it is the text again."""
    return str(bleach.clean(html.escape(text, quote=False), tags=set(), attributes={}, strip=False))


def _stays(character: str) -> bool:
    code = ord(character)
    is_noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    is_control = unicodedata.category(character) in ("Cc", "Cs") and character != "\n"
    return not (is_noncharacter or is_control or code in _DECEIVING)
