"""Dead letters for operators on this machine: the real command, where no stack runs, or no command."""

import json
from pathlib import Path

import httpx
import pytest

from lastwish.local.state import Home
from tests.support.proxy_bench import Bench

OPERATOR = {"Host": "127.0.0.1:8045", "Authorization": "Bearer of-an-operator"}
LETTER = "9f3c2b1a-0000-4000-8000-000000000001"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Home(tmp_path).ledger, lambda _: httpx.Response(200, json={"held": []}))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "letters"),
        ("POST", "letters/redrive"),
        ("POST", "letters/park"),
        ("POST", f"letters/{LETTER}/redrive"),
        ("POST", f"letters/{LETTER}/park"),
    ],
)
def test_what_the_command_refuses_is_refused_with_its_words(bench: Bench, method: str, path: str) -> None:
    got = bench.ask(method, f"/stage/{path}".encode(), OPERATOR)
    assert (got.status, json.loads(got.body)["detail"][:18]) == (409, "nothing is running")


def test_a_command_that_says_nothing_is_no_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lastwish.local.proxy.letters.LASTWISH", "/bin/true")
    assert bench.ask("GET", b"/stage/letters", OPERATOR).status == 503


@pytest.mark.parametrize("path", ["letters/--help/redrive", "letters/a%20b/park", "letters/../park", "letters/show"])
def test_what_is_no_id_is_on_no_command_line(bench: Bench, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr("lastwish.local.proxy.letters.LASTWISH", "/bin/false")
    assert bench.ask("POST", f"/stage/{path}".encode(), OPERATOR).status in (400, 404)


def test_who_is_no_operator_sees_and_moves_none(bench: Bench) -> None:
    bench.engine = lambda _: httpx.Response(401, json={})
    for method, path in (("GET", b"/stage/letters"), ("POST", b"/stage/letters/redrive")):
        assert bench.ask(method, path, OPERATOR).status == 401
        assert bench.ask(method, path, {"Host": "192.168.1.7:8045"}).status == 404
