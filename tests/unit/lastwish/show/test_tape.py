"""A recording has what was sent and promised, as it was typed, and nothing that an operator took away."""

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from frontend.escape import escape
from frontend.sanitise import normalise
from lastwish.errors import TapeError
from lastwish.local.journal import Entry
from lastwish.local.proxy.ledger import Ledger
from lastwish.local.state import Home
from lastwish.show import tape
from tests.support.journals import sent, write_journal
from tests.support.samples import HOSTILE, NOON

FIRST, SECOND, THIRD = (f"5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c0{n}" for n in (1, 2, 3))


def home(tmp_path: Path, *entries: Entry, promised: tuple[str, ...] = (FIRST, SECOND, THIRD)) -> Home:
    """Return a directory with this journal, and a ledger that promises these wishes."""
    made = Home(tmp_path)
    write_journal(made.journal, *entries)
    ledger = Ledger(made.ledger)
    for wish_id in promised:
        ledger.end(ledger.ask(), 202, wish_id)
    return made


def messages(home: Home) -> list[str]:
    return [json.loads(request.body)["message"] for request in tape.requests(home)]


def test_wishes_keep_their_texts_and_their_gaps(tmp_path: Path) -> None:
    later = sent(SECOND, "Water the plants").model_copy(update={"time": NOON + timedelta(seconds=2.5)})
    first, second = tape.requests(home(tmp_path, sent(FIRST, "Feed the cat"), later))
    assert (first.number, first.at, second.number, second.at) == (0, 0, 1, 2.5)
    assert json.loads(second.body) == {"message": "Water the plants", "destination": "mars"}


def test_a_name_is_sent_too(tmp_path: Path) -> None:
    named = sent(FIRST)
    assert named.body
    envelope = json.loads(named.body)
    envelope["data"]["name"] = "Ana &amp; Bob"
    (request,) = tape.requests(home(tmp_path, named.model_copy(update={"body": json.dumps(envelope)})))
    assert json.loads(request.body)["name"] == "Ana & Bob"


@pytest.mark.parametrize("typed", HOSTILE[:8])
def test_markup_is_sent_again_as_it_was_typed(tmp_path: Path, typed: str) -> None:
    assert messages(home(tmp_path, sent(FIRST, escape(normalise(typed))))) == [normalise(typed)]


def test_a_double_tap_stays_one(tmp_path: Path) -> None:
    first, again, other = tape.requests(home(tmp_path, sent(FIRST), sent(FIRST), sent(SECOND)))
    assert first.key == again.key != other.key


def test_what_nobody_was_promised_is_not_recorded(tmp_path: Path) -> None:
    assert messages(home(tmp_path, sent(FIRST, "promised"), sent(SECOND, "not"), promised=(FIRST,))) == ["promised"]


def test_without_a_journal_there_is_nothing(tmp_path: Path) -> None:
    assert tape.requests(Home(tmp_path)) == []


def test_a_recording_belongs_to_its_owner_and_replaces_nothing(tmp_path: Path) -> None:
    file = tmp_path / "evening.jsonl"
    recorded = tape.requests(home(tmp_path, sent(FIRST, "Feed the cat")))
    tape.write(file, recorded)
    assert file.stat().st_mode & 0o777 == 0o600
    assert tape.read(file) == recorded
    with pytest.raises(TapeError, match="File exists"):
        tape.write(file, recorded)


@pytest.mark.parametrize(
    ("text", "words"), [("", "empty"), ('{"body": "secret"}\n', "line 1 is no line"), ("[]", "line 1 is no line")]
)
def test_another_file_is_no_recording_and_is_not_quoted(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "evening.jsonl"
    file.write_text(text)
    with pytest.raises(TapeError, match=words) as refused:
        tape.read(file)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 1.5), ("number", True), ("number", "0"),
        ("at", "1"), ("at", -1), ("at", float("nan")), ("at", float("inf")), ("at", 1e9), ("at", None),
        ("kind", "friendly"), ("kind", []), ("kind", None),
        ("key", "a\r\nx: y"), ("key", "é"), ("key", 7), ("content_type", "text/html\n"), ("content_type", None),
        ("body", 7), ("body", "\ud800"),
    ],
)  # fmt: skip
def test_a_line_with_a_field_that_no_recording_has_is_refused(tmp_path: Path, field: str, value: object) -> None:
    file, good = tmp_path / "evening.jsonl", asdict(tape.requests(home(tmp_path, sent(FIRST)))[0])
    good["body"] = good["body"].decode()
    file.write_text(json.dumps(good) + "\n" + json.dumps(good | {field: value}) + "\n")
    with pytest.raises(TapeError, match="line 2 is no line"):
        tape.read(file)


def test_a_nest_is_no_line_of_a_recording(tmp_path: Path) -> None:
    file = tmp_path / "evening.jsonl"
    file.write_text("[" * 99_999)
    with pytest.raises(TapeError, match="line 1 is no line"):
        tape.read(file)
