import json
from typing import Any

import pytest

from tests.support.texts import every_text
from web.language import LANGUAGES, language, preferred

MEDIA_TYPES = ("application/json", "text/html")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("JA", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("de,fr;q=0.9", "en"),
        ("de,ja;q=0.1", "ja"),
        ("en;q=0.5, ja;q=0.7", "ja"),
        ("ja;q=0", "en"),
        ("*", "en"),
        ("jav", "en"),
        ("ja;q=nonsense, en;q=0.1", "en"),
        (",;q=1,ja", "ja"),
    ],
)
def test_the_browser_chooses_the_language(header: str, expected: str) -> None:
    assert language("", header) == expected


@pytest.mark.parametrize(("wanted", "expected"), [("ja", "ja"), ("en", "en"), ("fr", "ja"), ("", "ja"), ("JA", "ja")])
def test_a_link_overrules_the_browser(wanted: str, expected: str) -> None:
    assert language(wanted, "ja") == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/html;q=0.9, application/json;q=0.1", "text/html"),
        ("text/html;q=0.1, application/json", "application/json"),
    ],
)
def test_programs_get_json_and_browsers_get_pages(accept: str, expected: str) -> None:
    assert preferred(accept, MEDIA_TYPES) == expected


def _keys(part: Any, path: str = "") -> set[str]:
    if isinstance(part, list):
        part = dict(enumerate(part))
    if isinstance(part, dict):
        return {key for name, inside in part.items() for key in _keys(inside, f"{path}.{name}")}
    assert isinstance(part, str)
    assert part.strip(), path
    return {path}


def test_every_language_has_every_text() -> None:
    said = {lang: _keys(every_text(lang)) for lang in LANGUAGES}
    # The English symptom of an alarm is its own description (tests/repository/test_template_alarms.py).
    assert said["en"] == {key for key in said["ja"] if not key.startswith(".mission.symptoms.")}


def test_no_text_holds_html() -> None:
    assert not any(character in json.dumps([every_text(lang) for lang in LANGUAGES]) for character in "<>")
