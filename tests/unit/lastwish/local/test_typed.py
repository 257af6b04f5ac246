"""What people typed, read from the journal: as they typed it, and nothing that an operator took away."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.events import WishShown
from frontend.escape import escape
from frontend.sanitise import normalise
from lastwish.local import typed
from lastwish.local.journal import Entry
from tests.support.journals import ERASED, HIDDEN, boarded, sent, stored, write_journal
from tests.support.samples import HOSTILE, NOON, short

FIRST, SECOND = (f"5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c0{n}" for n in (1, 2))
RELEASED = WishShown(by="operator")


def messages(tmp_path: Path, *entries: Entry) -> list[str]:
    file = tmp_path / "journal.jsonl"
    write_journal(file, *entries)
    return [each.message for each in typed.read(file)]


@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_a_text_is_as_it_was_typed(tmp_path: Path, text: str) -> None:
    assert messages(tmp_path, sent(FIRST, escape(normalise(text)))) == [normalise(text)]


def test_what_was_stored_stands_beside_what_was_queued(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    write_journal(file, sent(FIRST, "&lt;b&gt;"), stored(FIRST, boarded(1, "&lt;b&gt;")), sent(SECOND, "later"))
    assert [(each.escaped, each.stored) for each in typed.read(file)] == [("&lt;b&gt;", "&lt;b&gt;"), ("later", None)]


def test_one_wish_is_read_without_the_lines_of_others(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    quoting = sent(SECOND, f"like {FIRST}")  # somebody typed its id
    write_journal(file, sent(FIRST, "mine"), quoting, sent(SECOND, "hers"), stored(FIRST, boarded(1, "mine")))
    assert [(each.message, each.stored) for each in typed.read(file, FIRST)] == [("mine", "mine")]
    write_journal(file, stored(FIRST, [HIDDEN], 2))
    assert typed.read(file, FIRST) == []


def test_it_knows_its_trace(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    write_journal(file, sent(FIRST), sent(SECOND).model_copy(update={"trace_header": None}))
    assert [each.trace_id for each in typed.read(file)] == ["1-5759e988-bd862e3fe1be46a994272793", None]


def test_they_are_in_the_order_of_time(tmp_path: Path) -> None:
    late = sent(FIRST, "late").model_copy(update={"time": NOON + timedelta(seconds=1)})
    assert messages(tmp_path, late, sent(SECOND, "early")) == ["early", "late"]


def test_an_erased_wish_is_not_there_even_where_its_text_still_is(tmp_path: Path) -> None:
    entries = [sent(FIRST, "secret"), stored(FIRST, boarded(1, "secret")), stored(FIRST, [ERASED], 2)]
    assert messages(tmp_path, *entries, stored(FIRST, [RELEASED], 3), sent(SECOND, "kept")) == ["kept"]


def test_an_erased_line_has_no_text(tmp_path: Path) -> None:
    assert messages(tmp_path, sent(FIRST, "secret").without_text()) == []


def test_a_hidden_wish_is_not_there_and_a_released_one_is(tmp_path: Path) -> None:
    hidden = [sent(FIRST, "rude"), stored(FIRST, boarded(1, "rude")), stored(FIRST, [HIDDEN], 2)]
    released = [sent(SECOND, "odd"), stored(SECOND, [HIDDEN], 2), stored(SECOND, [RELEASED], 3)]
    assert messages(tmp_path, *hidden, *released) == ["odd"]


def test_what_is_no_message_of_ours_is_passed_over(tmp_path: Path) -> None:
    stranger = sent(FIRST).model_copy(update={"body": '{"subject": "?"}'})
    assert messages(tmp_path, stranger, sent(SECOND, "ours")) == ["ours"]


def test_without_a_journal_there_is_nothing(tmp_path: Path) -> None:
    assert typed.read(tmp_path / "journal.jsonl") == []
