"""The presenter's view: what to say and do now, what is next, how much time is left."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from lastwish.show.prompter import view

FACTS: dict[str, Any] = {
    "title": "The [bold]incident[/]",
    "number": 2,
    "of": 9,
    "cue": {
        "title": "It breaks",
        "say": "There it goes [red]now[/red].",
        "look": {"mission": "the alarms"},
        "see": [
            {"what": "it rings", "seen": True},
            {"what": "it boards", "seen": False},
            {"what": "calm", "seen": None},
        ],
    },
    "links": {"mission": "http://127.0.0.1:8045/sign-in#mission"},
    "next": "The hunt",
    "left": 65,
    "left_of_show": 605,
    "paused": False,
    "blank": False,
    "resetting": False,
    "note": "",
}


def rendered(**other: Any) -> str:
    console = Console(record=True, width=110, color_system=None, file=StringIO())
    console.print(view(FACTS | other))
    return console.export_text()


def test_all_that_matters_is_on_one_screen() -> None:
    text = rendered()
    for words in ("2/9", "It breaks", "1:05 left", "show 10:05", "mission: the alarms", "✓ it rings", "… it boards"):
        assert words in text
    assert "· calm" in text
    assert "next: The hunt" in text
    assert len(text.splitlines()) < 24


def test_words_of_a_sheet_are_never_read_as_markup() -> None:
    assert "There it goes [red]now[/red]." in rendered()
    assert "The [bold]incident[/]" in rendered()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"left": -12}, "-0:12 left"),
        ({"paused": True}, "PAUSED"),
        ({"blank": True}, "THE WALL IS BLANK: x brings it back"),
        ({"resetting": True}, "putting things in order"),
        ({"note": "cue a: it failed"}, "cue a: it failed"),
        ({"next": None}, "next: the end"),
    ],
)
def test_each_state_is_seen(state: dict[str, Any], words: str) -> None:
    assert words in rendered(**state)
    assert words not in rendered()
