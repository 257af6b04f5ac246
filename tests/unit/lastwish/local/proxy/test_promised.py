"""How many wishes the ledger promises, read on as it grows."""

from pathlib import Path

import pytest

from lastwish.local.proxy.ledger import Ledger, Promised, rotate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def promise(path: Path, *wish_ids: str) -> None:
    ledger = Ledger(path)
    for wish_id in wish_ids:
        ledger.end(ledger.ask(), 202, wish_id)


def test_it_counts_what_other_processes_promise_too(path: Path) -> None:
    counted = Promised(path)
    assert len(counted) == 0
    promise(path, "a", "b")
    assert len(counted) == 2
    promise(path, "c")
    assert len(counted) == 3


def test_a_wish_that_was_sent_twice_counts_once_and_a_refused_one_never(path: Path) -> None:
    promise(path, "a", "a")
    ledger = Ledger(path)
    ledger.end(ledger.ask(), 503)

    assert len(Promised(path)) == 1


def test_a_line_that_is_written_just_now_counts_once_it_is_whole(path: Path) -> None:
    promise(path, "a")
    whole = path.read_bytes()
    counted = Promised(path)
    path.write_bytes(whole[:-20])
    assert len(counted) == 0
    path.write_bytes(whole)

    assert len(counted) == 1


def test_after_a_reset_it_begins_anew(path: Path) -> None:
    counted = Promised(path)
    promise(path, "a", "b")
    assert len(counted) == 2
    rotate(path)
    assert len(counted) == 0
    promise(path, "c")

    assert len(counted) == 1
