"""How many wishes the ledger promises, told to the wall."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from lastwish.local.proxy import tally
from lastwish.local.proxy.ledger import Ledger, rotate
from lastwish.local.proxy.tally import Tally


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def promise(path: Path, *wish_ids: str) -> None:
    ledger = Ledger(path)
    for wish_id in wish_ids:
        ledger.end(ledger.ask(), 202, wish_id)


def test_it_counts_what_other_processes_promise_too(path: Path) -> None:
    counted = Tally(path)
    assert counted.accepted() == 0
    promise(path, "a", "b")
    assert counted.accepted() == 2
    promise(path, "c")
    assert counted.accepted() == 3


def test_a_wish_that_was_sent_twice_counts_once_and_a_refused_one_never(path: Path) -> None:
    promise(path, "a", "a")
    ledger = Ledger(path)
    ledger.end(ledger.ask(), 503)

    assert Tally(path).accepted() == 1


def test_a_line_that_is_written_just_now_counts_once_it_is_whole(path: Path) -> None:
    promise(path, "a")
    whole = path.read_bytes()
    counted = Tally(path)
    path.write_bytes(whole[:-20])
    assert counted.accepted() == 0
    path.write_bytes(whole)

    assert counted.accepted() == 1


def test_after_a_reset_it_begins_anew(path: Path) -> None:
    counted = Tally(path)
    promise(path, "a", "b")
    assert counted.accepted() == 2
    rotate(path)
    assert counted.accepted() == 0
    promise(path, "c")

    assert counted.accepted() == 1


@pytest.mark.parametrize(
    ("method", "path_asked", "answer"),
    [
        ("GET", "/stage/accepted", {"accepted": 1}),
        ("POST", "/stage/accepted", "passed on"),
        ("GET", "/wishes", "passed on"),
    ],
)
def test_only_its_own_path_is_answered(path: Path, method: str, path_asked: str, answer: object) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"body": b'"passed on"'})

    async def send(message: Any) -> None:
        bodies.append(message.get("body", b""))

    bodies: list[bytes] = []
    promise(path, "a")
    scope = {"type": "http", "method": method, "path": path_asked}
    asyncio.run(tally.layer(app, path)(scope, None, send))  # type: ignore[arg-type]

    assert json.loads(b"".join(bodies)) == answer
