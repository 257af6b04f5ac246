"""The journal's file: what is read of it, how erasure overwrites it, what a full disk does."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from domain.events import UnknownEvent
from lastwish.local import journal
from lastwish.local.journal import Entry, Journal, Pointer, Sent, Unreadable
from tests.support.journals import ERASED, TRACE, boarded, message, sent, stored
from tests.support.samples import HOSTILE, NOON
from tests.support.wishes import ids

ADA, BOB = ids(2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def write(file: Path, *entries: Entry) -> None:
    kept = Journal(file)
    kept.add(*entries)
    kept.flush()
    kept.close()


def test_what_was_written_is_read(file: Path) -> None:
    pointer = Pointer(time=NOON, item={"pk": {"S": "pointer"}})
    entries = [sent(ADA), stored(ADA, boarded(7)), pointer, stored(ADA, [ERASED], 2)]
    write(file, *entries)

    assert list(journal.read(file)) == entries
    assert file.stat().st_mode & 0o077 == 0


def test_a_line_says_what_a_query_wants_to_know(file: Path) -> None:
    write(file, sent(ADA), stored(ADA, boarded(7, to="jupiter")))
    of_message, of_commit = (json.loads(line) for line in file.read_text().splitlines())

    assert {**of_message, "body": ...} == {
        "v": 1,
        "kind": "sent",
        "time": "2045-01-01T12:00:00.000Z",
        "wish_id": ADA,
        "types": ["lastwish.wish.submitted.v1"],
        "destination": "mars",
        "body": ...,
        "attributes": {"trace_header": {"DataType": "String", "StringValue": TRACE}},
        "trace_header": TRACE,
    }
    assert of_message["body"] == message(ADA)["MessageBody"]
    assert {**of_commit, "item": ..., "types": ...} == {
        "v": 1,
        "kind": "stored",
        "time": "2045-01-01T12:00:00.000Z",
        "wish_id": ADA,
        "types": ...,
        "destination": "jupiter",
        "version": 1,
        "commit_id": f"{ADA}-1",
        "seat": 7,
        "item": ...,
    }
    assert of_commit["types"][2] == "lastwish.wish.boarded.v2"


@pytest.mark.parametrize("body", ["not JSON", "[]", "7", "[" * 100_000, '{"subject": 7, "type": [], "data": "x"}'])
def test_a_message_that_is_no_envelope_names_no_wish(body: str) -> None:
    found = Sent.of({"MessageBody": body}, NOON)

    assert (found.wish_id, found.types, found.destination, found.body) == (None, [], None, body)


def test_an_event_of_a_newer_version_keeps_its_item(file: Path) -> None:
    newer = stored(ADA, [*boarded(1), UnknownEvent(type_name="lastwish.wish.sung.v1")])
    write(file, newer)

    assert list(journal.read(file)) == [newer]


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"v":2,"kind":"sent"}', '{"v":1,"kind":"sung"}', "7", "\x00\x00"])
def test_an_unreadable_line_stops_nothing(file: Path, line: str) -> None:
    write(file, sent(ADA))
    with file.open("a") as whole:
        whole.write(f"{line}\n   \n")
    write(file, sent(BOB))

    assert list(journal.read(file)) == [sent(ADA), Unreadable(2), sent(BOB)]
    assert list(journal.read(file, BOB)) == [sent(BOB)]


def test_a_torn_last_line_is_cut_off(file: Path) -> None:
    write(file, sent(ADA), sent(BOB))
    os.truncate(file, file.stat().st_size - 5)

    assert journal.cut_off_torn_line(file)
    assert list(journal.read(file)) == [sent(ADA)]
    assert not journal.cut_off_torn_line(file)


@pytest.mark.parametrize("text", [*HOSTILE[:8], "x", "\u2028", '"wish_id":"', "x" * 500])
def test_erasure_leaves_no_text_and_every_other_byte_in_its_place(file: Path, text: str) -> None:
    text = text.replace("<", "&lt;").replace(">", "&gt;")
    kept = [sent(BOB, text), stored(BOB, boarded(2, text))]
    write(file, sent(ADA, text), stored(ADA, boarded(1, text, name="Ada")), *kept, stored(ADA, [ERASED], 2))
    before = file.read_bytes()

    assert journal.erase(file, {ADA}) == 2
    lines, former = file.read_bytes().splitlines(), before.splitlines()
    assert [len(line) for line in lines] == [len(line) for line in former]
    assert lines[2:] == former[2:]
    message_line, commit_line, *_ = journal.read(file)
    assert message_line == sent(ADA, text).without_text()
    assert commit_line == stored(ADA, boarded(1, text, name="Ada")).without_text()
    assert b'"body":null' in lines[0]
    assert b"Ada" not in lines[1]
    assert b'"message"' not in lines[1]


def test_erasing_twice_changes_nothing(file: Path) -> None:
    write(file, sent(ADA), stored(ADA, boarded(1)))
    journal.erase(file, {ADA})
    once = file.read_bytes()

    assert journal.erase(file, {ADA}) == 0
    assert file.read_bytes() == once


def test_erasure_blanks_a_line_that_an_earlier_one_left_half_written(file: Path) -> None:
    write(file, sent(ADA, "a secret"), sent(BOB))
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"body":"{', b'"body":null', 1))

    assert journal.erase(file, {ADA}) == 1
    assert b"a secret" not in file.read_bytes()
    assert list(journal.read(file)) == [sent(BOB)]


def test_erasure_passes_a_line_that_is_no_utf_8(file: Path) -> None:
    damaged = b'{"v":1,"kind":"sent","wish_id":"\xff\xfe","types":[]}\n'
    write(file, sent(ADA))
    file.write_bytes(damaged + file.read_bytes())

    assert journal.erase(file, {ADA}) == 1
    assert list(journal.read(file)) == [Unreadable(1), sent(ADA).without_text()]
    assert file.read_bytes().startswith(damaged)


@pytest.mark.parametrize(
    ("whole", "damaged"),
    [
        (b'"events":{"L"', b'"evenus":{"L"'),
        (b'"events":{"L":[', b'"events":{"K":['),
        (b'"data":{"M":{', b'"data":{"L":{'),
        (b'"version":{"N":"1"}', b'"version":{"N":"q"}'),
        (b'"stream":{"S":"wish', b'"stream":{"Q":"wish'),
    ],
)
def test_erasure_blanks_a_commit_whose_item_is_damaged(file: Path, whole: bytes, damaged: bytes) -> None:
    write(file, stored(ADA, boarded(1, "a secret")), sent(BOB))
    file.write_bytes(file.read_bytes().replace(whole, damaged, 1))
    assert list(journal.read(file)) == [Unreadable(1), sent(BOB)]

    assert journal.erase(file, {ADA}) == 1
    assert b"a secret" not in file.read_bytes()
    assert list(journal.read(file)) == [sent(BOB)]


def test_a_line_appended_while_the_file_is_open_for_erasure_stays(file: Path) -> None:
    kept = Journal(file)
    kept.add(sent(ADA))
    kept.flush()
    journal.erase(file, {ADA})
    kept.add(sent(BOB))
    kept.flush()

    assert list(journal.read(file)) == [sent(ADA).without_text(), sent(BOB)]


# --- a disk that is full ----------------------------------------------------------------------------------------------


def test_a_line_that_was_not_written_goes_before_the_next(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Journal(file)
    kept.add(sent(ADA))
    with monkeypatch.context() as full:
        full.setattr(os, "write", _no_space)
        with pytest.raises(OSError, match="No space"):
            kept.flush()
    kept.add(sent(BOB))
    kept.flush()

    assert list(journal.read(file)) == [sent(ADA), sent(BOB)]


def test_half_a_line_is_taken_back(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Journal(file)
    kept.add(sent(ADA))
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda number, line: write(number, line[:50]))
        with pytest.raises(OSError, match="only a part"):
            kept.flush()
    assert file.read_bytes() == b""
    kept.flush()

    assert list(journal.read(file)) == [sent(ADA)]


def _no_space(*_: Any) -> int:
    raise OSError(28, "No space left on device")


def test_a_cleared_journal_is_empty_and_goes_on(file: Path) -> None:
    kept = Journal(file)
    kept.add(sent(ADA), stored(ADA, boarded(1)))
    kept.flush()

    assert kept.clear() == 2
    kept.add(sent(BOB))
    kept.flush()
    assert list(journal.read(file)) == [sent(BOB)]
