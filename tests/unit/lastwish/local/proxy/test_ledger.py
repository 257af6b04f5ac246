"""Ledger: the audit's independent record."""

import json
import os
from pathlib import Path
from threading import Thread

import pytest

from lastwish.local.proxy.ledger import Ledger, promised, read, rotate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def promise(path: Path, wish_id: str) -> None:
    ledger = Ledger(path)
    ledger.end(ledger.ask(), 202, wish_id)


def test_a_request_is_on_file_before_its_end_and_then_its_promise(path: Path) -> None:
    ledger = Ledger(path)
    request = ledger.ask()
    [asked] = map(json.loads, path.read_text().splitlines())
    assert asked["request"] == request
    assert asked["time"].endswith("+00:00")
    assert (read(path).wish_ids, read(path).unknown_ends) == ([], 1)

    ledger.end(request, 202, "w1")
    _, ended = map(json.loads, path.read_text().splitlines())
    assert (ended["request"], ended["status"], ended["wish_id"]) == (request, 202, "w1")
    assert (read(path).wish_ids, read(path).unknown_ends) == (["w1"], 0)


@pytest.mark.parametrize(("status", "unknown_ends"), [(422, 0), (429, 0), (500, 1), (503, 1)])
def test_only_a_request_that_failed_on_our_side_may_have_stored_a_wish(
    path: Path, status: int, unknown_ends: int
) -> None:
    ledger = Ledger(path)
    ledger.end(ledger.ask(), status)

    assert (read(path).wish_ids, read(path).unknown_ends) == ([], unknown_ends)


def test_the_ledger_is_for_its_owner_only(path: Path) -> None:
    promise(path, "w1")

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_ledger_opened_again_goes_on_where_it_was(path: Path) -> None:
    for wish_id in ("w1", "w2"):
        promise(path, wish_id)

    assert promised(path) == ["w1", "w2"]


def test_a_ledger_put_aside_keeps_its_lines_and_the_next_begins_a_new_one(path: Path) -> None:
    ledger = Ledger(path)
    ledger.end(ledger.ask(), 202, "w1")
    assert rotate(path) == 2
    ledger.end(ledger.ask(), 202, "w2")

    [aside] = [each for each in path.parent.iterdir() if each != path]
    assert aside.suffix == ".jsonl"
    assert (promised(aside), promised(path)) == (["w1"], ["w2"])


def test_a_request_that_a_rotation_cuts_in_two_is_promised_once(path: Path) -> None:
    ledger = Ledger(path)
    request = ledger.ask()
    rotate(path)
    ledger.end(request, 202, "w1")

    assert (read(path).wish_ids, read(path).unknown_ends) == (["w1"], 0)


def test_no_ledger_is_put_aside_without_a_word(path: Path) -> None:
    assert rotate(path) == 0
    assert not list(path.parent.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_error_and_not_a_lost_line() -> None:
    ledger = Ledger(Path("/dev/full"))

    with pytest.raises(OSError, match="No space"):
        ledger.ask()
    with pytest.raises(OSError, match="No space"):
        ledger.end("r1", 202, "w1")


def test_half_a_line_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    promise(path, "w1")
    before, write = path.read_bytes(), os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, line: write(file, line[:20]))
        with pytest.raises(OSError, match="only a part"):
            Ledger(path).ask()
    assert path.read_bytes() == before
    promise(path, "w2")

    assert (promised(path), read(path).unreadable) == (["w1", "w2"], ())


def test_half_a_line_is_taken_back_before_another_process_writes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    promise(path, "w1")
    other, write = Thread(target=promise, args=(path, "w2")), os.write

    def write_half(file: int, line: bytes) -> int:
        monkeypatch.setattr(os, "write", write)  # the disk has room again
        written = write(file, line[:20])
        other.start()
        other.join(0.5)  # it has to wait
        return written

    monkeypatch.setattr(os, "write", write_half)
    with pytest.raises(OSError, match="only a part"):
        Ledger(path).ask()
    other.join()

    assert (promised(path), read(path).unreadable) == (["w1", "w2"], ())


def test_a_torn_line_promises_nothing_and_is_named(path: Path) -> None:
    path.write_text('{"wish_id": "w1", "status": 202}\n{"wish_id": "w')

    assert promised(path) == ["w1"]
    assert read(path).unreadable == ("ledger.jsonl, line 2",)


def test_what_is_no_line_of_a_ledger_is_named(path: Path) -> None:
    path.write_bytes(b'\xff\xfe\n[]\n{"wish_id": 3}\n\n' + b"[" * 100_000 + b"\n")

    assert read(path).unreadable == tuple(f"ledger.jsonl, line {n}" for n in range(1, 6))


def test_a_torn_line_of_another_process_does_not_spoil_the_next(path: Path) -> None:
    promise(path, "w1")
    with path.open("a") as other:
        other.write('{"wish_id": "w')
    promise(path, "w2")

    assert promised(path) == ["w1", "w2"]


def test_a_torn_line_between_a_request_and_its_end_spoils_no_promise(path: Path) -> None:
    ledger = Ledger(path)
    request = ledger.ask()
    with path.open("a") as other:
        other.write('{"request": "5d')
    ledger.end(request, 202, "w2")

    found = read(path)
    assert (found.wish_ids, found.unknown_ends, found.unreadable) == (["w2"], 0, ("ledger.jsonl, line 2",))


def test_no_ledger_promises_nothing(path: Path) -> None:
    assert promised(path) == []
