"""Ledger: the audit's independent record."""

import json
from pathlib import Path

import pytest

from lastwish.local.proxy.ledger import Ledger, promised


def test_a_promise_is_on_file_when_record_returns(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.record("w1", 202)

    (line,) = (tmp_path / "ledger.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert (entry["wish_id"], entry["status"]) == ("w1", 202)
    assert entry["time"].endswith("+00:00")
    ledger.close()


def test_a_ledger_opened_again_goes_on_where_it_was(tmp_path: Path) -> None:
    for wish_id in ("w1", "w2"):
        ledger = Ledger(tmp_path / "ledger.jsonl")
        ledger.record(wish_id, 202)
        ledger.close()

    assert promised(tmp_path / "ledger.jsonl") == ["w1", "w2"]


def test_an_emptied_ledger_starts_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.record("w1", 202)
    path.write_bytes(b"")
    ledger.record("w2", 202)
    ledger.close()

    assert promised(path) == ["w2"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_error_and_not_a_lost_line() -> None:
    ledger = Ledger(Path("/dev/full"))

    with pytest.raises(OSError, match="No space"):
        ledger.record("w1", 202)
    ledger.close()


def test_a_torn_line_promises_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"wish_id": "w1", "status": 202}\n{"wish_id": "w')

    assert promised(path) == ["w1"]


def test_a_torn_line_of_another_process_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.record("w1", 202)
    with path.open("a") as other:
        other.write('{"wish_id": "w')
    ledger.record("w2", 202)
    ledger.close()

    assert promised(path) == ["w1", "w2"]


def test_no_ledger_promises_nothing(tmp_path: Path) -> None:
    assert promised(tmp_path / "none") == []
