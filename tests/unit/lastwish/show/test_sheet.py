"""A cue sheet says what is wrong with it, with line and cue."""

from itertools import pairwise
from pathlib import Path

import pytest

from lastwish.errors import SheetError
from lastwish.show.sheet import read
from tests.support import ROOT

SHEET = """\
title: A talk
cues:
  - name: doors
    title: Doors open
    minutes: 1
    say: Hello.
  - name: break
    title: It breaks
    minutes: 2.5
    say: There it goes.
    fault: {kind: refuse, error: throttle, caller: worker, seconds: 30}
    see:
      - {what: the alarm rings, alarm: store-throttles}
      - {what: the wall stands still}
"""


def refusal(tmp_path: Path, text: str) -> list[str]:
    """Return what is wrong with a sheet, a line for each thing."""
    file = tmp_path / "sheet.yaml"
    file.write_text(text)
    with pytest.raises(SheetError) as refused:
        read(file)
    return str(refused.value).splitlines()[1:]


def test_a_sheet_is_read_in_order(tmp_path: Path) -> None:
    file = tmp_path / "sheet.yaml"
    file.write_text(SHEET)
    show = read(file)
    assert [cue.name for cue in show.cues] == ["doors", "break"]
    assert show.minutes == 3.5
    assert show.cues[1].fault
    assert show.cues[1].fault.error == "throttle"
    assert [sight.is_for_people for sight in show.cues[1].see] == [False, True]
    assert show.number("break") == 1


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("title: Doors open", "tittle: Doors open", "line 4, cue doors, tittle: there is no such key"),
        ("say: Hello.", "say: ''", "line 6, cue doors, say: String should have at least 1 character"),
        ("minutes: 2.5", "minutes: -1", "line 9, cue break, minutes: Input should be greater than 0"),
        ("what: the wall", "wat: the wall", "line 14, cue break, see.1.wat: there is no such key"),
        ("error: throttle", "eror: throttle", "line 11, cue break, fault.eror: there is no such key"),
        ("alarm: store-throttles", "alarm: a, audit: ok", "line 13, cue break, see.0: one of metric, alarm"),
        ("name: break", "name: doors", "line 1: two cues have the name doors"),
        ("    fault:", "    drill: voted\n    fault:", "line 7, cue break: drill or fault, not both"),
        ("    fault:", "    minutes: 9\n    fault:", "line 11: minutes is written twice"),
        (
            "    fault:",
            "    load: {wishes: 9, over: 1, hostile: 1, duplicates: 1}\n    fault:",
            "line 11, cue break, load:",
        ),
        ("say: Hello.", "say: Hello.\n    vote: {choices: {a: {en: A}}}", "line 7, cue doors, vote.choices: Dict"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_cue(tmp_path: Path, before: str, after: str, words: str) -> None:
    wrong = refusal(tmp_path, SHEET.replace(before, after))
    assert any(line.startswith(words) for line in wrong), wrong


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    wrong = refusal(tmp_path, SHEET.replace("minutes: 1\n", "minutes: soon\n").replace("say: There", "sing: There"))
    assert [line.partition(":")[0] for line in wrong] == [
        "line 5, cue doors, minutes", "line 7, cue break, say", "line 10, cue break, sing",
    ]  # fmt: skip


def test_what_the_hall_votes_for_needs_a_vote_before(tmp_path: Path) -> None:
    (wrong,) = refusal(tmp_path, SHEET.replace("fault: {kind", "drill: voted\n    # {kind"))
    assert "no cue before it has a vote" in wrong


@pytest.mark.parametrize("text", ["", "- a list", "cues: [1]", "{", "title: [\x00]", "title: 2026-13-45"])
def test_another_file_is_no_cue_sheet(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sheet.yaml"
    file.write_text(text)
    with pytest.raises(SheetError, match=r"is no (cue sheet|YAML)"):
        read(file)


BOMB = "".join(f"{name}: &{name} [{f'*{before}, ' * 9}1]\n" for before, name in pairwise("Xabcdefghijklmnop"[1:]))


@pytest.mark.parametrize(
    "text",
    ["title: &a [*a]", "&a {title: x, cues: [*a]}", "[" * 5_000, "a: " + "{a: " * 5_000, "a: &a [1]\n" + BOMB],
    ids=["a list in itself", "a sheet in itself", "a nest", "a nest of keys", "a list that grows"],
)
def test_a_sheet_without_an_end_is_refused_in_words(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sheet.yaml"
    file.write_text(text)
    with pytest.raises(SheetError, match="is no cue sheet"):
        read(file)


def test_an_unknown_key_cannot_move_the_cursor(tmp_path: Path) -> None:
    wrong = refusal(tmp_path, SHEET.replace("title: Doors open", '"\\e[2J": Doors open'))
    assert "line 4, cue doors, \\x1b[2J: there is no such key" in wrong


def test_a_load_has_an_end(tmp_path: Path) -> None:
    load = "    load: {wishes: 9, over: 1e300}\n    fault:"
    assert "in up to a week" in "".join(refusal(tmp_path, SHEET.replace("    fault:", load)))


def test_bytes_that_are_no_text_are_no_cue_sheet(tmp_path: Path) -> None:
    file = tmp_path / "sheet.yaml"
    file.write_bytes(SHEET.encode() + b"\xff")
    with pytest.raises(SheetError, match="is no YAML"):
        read(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="cannot be read"):
        read(tmp_path / "nothing.yaml")


def test_a_cue_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    file = tmp_path / "sheet.yaml"
    file.write_text(SHEET)
    with pytest.raises(SheetError, match=r"there is no cue brake \(did you mean break\?\): there are doors, break"):
        read(file).number("brake")


def test_the_incident_takes_a_quarter_of_an_hour() -> None:
    assert read(ROOT / "shows" / "incident.yaml").minutes == 15
