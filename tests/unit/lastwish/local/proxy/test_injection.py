"""The trophy case: attempts as text, each once as markup in a document that can run nothing, on this machine alone."""

import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from frontend.escape import escape
from lastwish.local.proxy import injection
from lastwish.local.state import Home, State
from tests.support.journals import HIDDEN, boarded, sent, stored, write_journal
from tests.support.proxy_bench import Bench, Got
from tests.support.samples import NOON

HERE = {"Host": "127.0.0.1:8045"}
SCRIPT, PICTURE, RUDE, HEART = (f"5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c0{n}" for n in range(4))
KEY = "a-key"
PAGE = f"/{injection.path(KEY)}".encode()
TEXTS = {
    SCRIPT: "<script>alert(1)</script>",
    PICTURE: "<img src=x onerror=alert(2)>",
    RUDE: "<b>rude</b>",
    HEART: "I <3 you",
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """The proxy of a stack whose audience has tried."""
    home = Home(tmp_path)
    home.save(State(url="http://127.0.0.1:8045/", key=KEY))
    typed = [sent(wish_id, escape(text)) for wish_id, text in TEXTS.items()]
    again = sent("5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c09", escape(TEXTS[SCRIPT]))
    later = again.model_copy(update={"time": NOON + timedelta(minutes=1)})
    taken_away = [stored(RUDE, boarded(1, escape(TEXTS[RUDE]))), stored(RUDE, [HIDDEN], 2)]
    write_journal(home.journal, *typed, later, *taken_away)
    return Bench(home.ledger, lambda _: httpx.Response(404))


def page(bench: Bench, query: bytes = b"") -> Got:
    return bench.ask("GET", PAGE, HERE, query=query)


def test_attempts_are_text_and_the_page_has_no_script(bench: Bench) -> None:
    got = page(bench)
    html = got.body.decode()
    assert got.status == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "I &lt;3 you" not in html
    assert "3 wishes had markup" in html


def test_its_policy_allows_no_script_at_all(bench: Bench) -> None:
    policy = page(bench).headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "script-src" not in policy


def test_each_text_is_there_once_and_the_richest_first(bench: Bench) -> None:
    html = page(bench).body.decode()
    assert re.findall(r'<pre class="typed" dir="auto">(.*?)</pre>', html) == [
        "&lt;img src=x onerror=alert(2)&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;",
    ]  # fmt: skip


def test_what_an_operator_hid_is_no_trophy(bench: Bench) -> None:
    assert "rude" not in page(bench).body.decode()
    assert bench.ask("GET", PAGE + b"/" + RUDE.encode(), HERE).status == 404


def test_each_frame_is_sandboxed_without_any_exception(bench: Bench) -> None:
    frames = re.findall(r"<iframe ([^>]*)>", page(bench).body.decode())
    assert len(frames) == 2
    assert all(frame.startswith("sandbox title=") for frame in frames)


def test_an_attempt_as_markup_brings_its_own_sandbox(bench: Bench) -> None:
    got = bench.ask("GET", PAGE + b"/" + PICTURE.encode(), HERE)
    assert "<img src=x onerror=alert(2)>" in got.body.decode()
    policy = got.headers["content-security-policy"].split("; ")
    assert policy[:2] == ["sandbox", "default-src 'none'"]
    assert not any(each.startswith(("script-src", "img-src", "connect-src")) for each in policy)
    assert got.headers["x-content-type-options"] == "nosniff"


def test_it_is_in_japanese_too(bench: Bench) -> None:
    assert "今夜の挑戦" in page(bench, b"lang=ja").body.decode()


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": "192.168.1.20:8045"}, {}])
def test_another_machine_finds_nothing(bench: Bench, headers: dict[str, str]) -> None:
    assert bench.ask("GET", PAGE, headers).status == 404


@pytest.mark.parametrize(
    "path",
    [b"/stage/injection", b"/stage/injection/" + b"0" * 32, PAGE + b"/", PAGE + b"x", PAGE + b"/..", PAGE + b"/x"],
)
def test_without_the_right_address_there_is_nothing(bench: Bench, path: bytes) -> None:
    got = bench.ask("GET", path, HERE)
    assert got.status == 404
    assert b"alert" not in got.body


def test_before_anybody_tried_it_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.save(State(url="http://127.0.0.1:8045/", key=KEY))
    assert "Nobody has tried yet." in page(Bench(home.ledger, lambda _: httpx.Response(404))).body.decode()


def test_only_the_best_are_looked_up_and_the_others_have_a_link(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.save(State(url="http://127.0.0.1:8045/", key=KEY))
    ids = [f"5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c1{n}" for n in range(7)]
    write_journal(home.journal, *(sent(wish_id, escape(f"<b>{n}</b>")) for n, wish_id in enumerate(ids)))
    bench = Bench(home.ledger, lambda _: httpx.Response(404))
    html = page(bench).body.decode()
    assert html.count("The logs do not answer") == html.count("The traces do not answer") == 5
    others = re.findall(r'href="[0-9a-f]{32}\?of=([0-9a-f-]{36})&amp;lang=en">Show logs and trace of attempt', html)
    assert len(set(others)) == 2
    alone = page(bench, f"of={others[0]}".encode()).body.decode()
    assert alone.count('<article class="attempt"') == alone.count("The logs do not answer") == 1
    assert f'id="{others[0]}"' in alone


@pytest.mark.parametrize("of", [HEART, RUDE, "x"])
def test_there_is_no_page_of_what_is_no_attempt(bench: Bench, of: str) -> None:
    assert page(bench, f"of={of}".encode()).status == 404
