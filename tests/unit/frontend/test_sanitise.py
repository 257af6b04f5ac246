import html
import unicodedata
from collections.abc import Callable

import bleach
import html5lib
import pytest
from hypothesis import example, given

from frontend.escape import escape
from frontend.sanitise import normalise
from lastwish.shipping.swaps.escape_nh3 import escape as with_nh3
from tests.support.samples import HOSTILE, short
from tests.support.strategies import SENDABLE, typed

# `make build SANITISER=nh3` puts the second in the place of the first.
SANITISERS = pytest.mark.parametrize("sanitise", [escape, with_nh3], ids=["bleach", "nh3"])


def elements(fragment: str) -> list[str]:
    """Return the tags that another HTML parser finds."""
    tree = html5lib.parseFragment(fragment, treebuilder="etree", namespaceHTMLElements=False)
    return [str(node.tag) for node in tree.iter() if node is not tree]


@SANITISERS
@given(typed)
@example("</> <!-- x --> &amp; <b>")
def test_unescaping_gives_back_exactly_what_was_typed(sanitise: Callable[[str], str], text: str) -> None:
    assert html.unescape(sanitise(normalise(text))) == normalise(text)


@SANITISERS
@given(typed)
@example("<script>alert(1)</script>")
def test_another_parser_finds_no_element(sanitise: Callable[[str], str], text: str) -> None:
    assert elements(sanitise(normalise(text))) == []


@SANITISERS
@given(typed)
@example("no markup")
@example("< > & &amp; <b> ＜b＞")
@example("<\u00a0\u00a0\u00a0 &nbsp; &amp;nbsp;")
def test_the_result_is_that_of_bleach_also_where_nothing_needs_it(sanitise: Callable[[str], str], text: str) -> None:
    kept = normalise(text)
    assert sanitise(kept) == bleach.clean(html.escape(kept, quote=False), tags=set(), attributes={}, strip=False)


@given(typed)
def test_normalising_again_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(typed)
def test_what_is_kept_can_be_sent_and_stored(text: str) -> None:
    kept = normalise(text)
    assert not kept or SENDABLE.fullmatch(kept)
    assert len(escape(kept)) <= 5 * len(kept)  # the bounds of WishSubmitted


@SANITISERS
@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_hostile_text_is_inert_and_unaltered(text: str, sanitise: Callable[[str], str]) -> None:
    kept = normalise(text)
    assert elements(sanitise(kept)) == []
    assert html.unescape(sanitise(kept)) == kept == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  around  ", "around"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\tb", "a b"),
        ("e\u0301", "\u00e9"),
        ("a\u0000\u0007\u001b\u0085b", "ab"),
        ("a\ufffe\uffff\ufdd0\U0001fffeb", "ab"),
        ("a\ud800b", "ab"),
        ("a\u202e\u2066\u2069b", "ab"),
        ("a\u200b\ufeff\u2060\u180e\u200e\u061cb", "ab"),
        ("a\u200cb\u200dc", "a\u200cb\u200dc"),
        ("\u200b \u202e", ""),
        ("a\u00ad\u034f\u115f\u1160\u17b4\u2800\u3164\uffa0\ufff9\U0001d173\U000e0001b", "ab"),
        ("\u200d\u200c \U000e0067", ""),
        ("e\u200b\u0301", "\u00e9"),
        ("\u0600\u06dd1", "\u0600\u06dd1"),
    ],
    ids=[
        "trims",
        "LF",
        "tab",
        "NFC",
        "control",
        "non-character",
        "surrogate",
        "bidi",
        "zero-width",
        "joiners",
        "empty",
        "unseen",
        "nothing to see",
        "NFC again",
        "number signs",
    ],
)
def test_normalising_keeps_text_and_drops_deceptive_characters(text: str, kept: str) -> None:
    assert normalise(text) == kept


def test_full_width_look_alikes_are_kept() -> None:
    assert escape(normalise("＜script＞")) == "＜script＞"
