"""The stage before the API: votes of the hall, and what operators alone may do, on this machine alone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from lastwish.local import stage
from lastwish.local.proxy.ballots import Ballots
from lastwish.local.proxy.ledger import Ledger, rotate
from lastwish.local.proxy.stage import MAX_VOTE
from lastwish.local.state import Home
from tests.support.proxy_bench import BALLOTS, WISH, Bench, Got, accepted

JSON = {"Content-Type": "application/json"}
HERE = {"Host": "127.0.0.1:8045"}
OPERATOR = {**HERE, "Authorization": "Bearer of-an-operator"}
ELSEWHERE = {"Host": "evil.example", "Authorization": "Bearer of-an-operator"}
FOR_OPERATORS = [
    ("GET", b"/stage/drills"),
    ("POST", b"/stage/drills/worker-dies"),
    ("DELETE", b"/stage/drills"),
    ("GET", b"/stage/show"),
    ("POST", b"/stage/show/pause"),
]


def console(request: httpx.Request) -> httpx.Response:
    """Answer in the place of the engine: of its API, and of the faults before it."""
    if request.url.path == "/_lastwish/faults":
        return httpx.Response(200, json=[{"id": "f1", "seconds_left": 12.5}, {"id": "f2", "seconds_left": 3.0}])
    match request.headers.get("authorization"):
        case "Bearer of-an-operator":
            return httpx.Response(200, json={"held": []})
        case "Bearer of-somebody":
            problem = {"type": "urn:lastwish:problem:forbidden", "status": 403}
            return httpx.Response(403, headers={"content-type": "application/problem+json"}, json=problem)
    return httpx.Response(401, json={"message": "Unauthorized"})


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    stage.clear(home)


@pytest.fixture
def bench(home: Home) -> Bench:
    return Bench(home.ledger, console)


@pytest.fixture
def vote(home: Home) -> str:
    """An open vote, and a wish that was answered 202."""
    promise(home, WISH)
    return open_vote(home)


def promise(home: Home, wish_id: str) -> None:
    ledger = Ledger(home.ledger)
    ledger.end(ledger.ask(), 202, wish_id)


def open_vote(home: Home, seconds: float = 60) -> str:
    stage.open_vote(home, {"worker-dies": "A worker dies", "store-slow": "The store is slow"}, seconds)
    return str((stage.seen(home) or {})["vote"]["id"])


def cast(bench: Bench, vote: str, choice: str = "store-slow", wish_id: str = WISH) -> Got:
    return cast_with(bench, BALLOTS.cookie(wish_id).partition(";")[0], vote, choice, wish_id)


def cast_with(bench: Bench, cookie: str, vote: str, choice: str = "store-slow", wish_id: str = WISH) -> Got:
    body = json.dumps({"vote": vote, "choice": choice, "wish_id": wish_id}).encode()
    return bench.ask("POST", b"/stage/vote", JSON | {"Cookie": cookie}, body)


# --- the hall ---


def test_without_a_show_a_page_is_told_to_ask_again_later(bench: Bench) -> None:
    got = bench.ask("GET", b"/stage")

    assert (got.status, got.problem["type"]) == (404, "urn:lastwish:problem:not-found")
    assert got.headers["retry-after"] == "10"
    assert not bench.reached


@pytest.mark.parametrize("network", [False, True], ids=["here", "a phone"])
def test_everybody_sees_the_stage_and_no_cache_keeps_it(bench: Bench, vote: str, network: bool) -> None:
    bench.gateway = replace(bench.gateway, network=network)
    got = bench.ask("GET", b"/stage")

    assert json.loads(got.body)["vote"]["id"] == vote
    assert (got.status, got.headers["cache-control"]) == (200, "no-store")
    assert (bench.reached, bench.reports) == ([], [])  # no call of the API: it costs the service nothing


def test_the_wall_learns_how_many_wishes_are_promised_without_the_service(bench: Bench, home: Home) -> None:
    promise(home, WISH)
    got = bench.ask("GET", b"/stage/accepted")

    assert (got.status, json.loads(got.body), got.headers["cache-control"]) == (200, {"accepted": 1}, "no-store")
    assert not bench.reached


def test_votes_and_orders_that_cannot_be_read_or_kept_are_a_503(bench: Bench, home: Home, vote: str) -> None:
    home.answers.write_bytes(b"this is no database")
    asked = [bench.ask("GET", b"/stage"), cast(bench, vote), bench.ask("POST", b"/stage/show/pause", OPERATOR)]

    assert [got.status for got in asked] == [503, 503, 503]


def test_a_stage_that_cannot_be_read_is_a_503(bench: Bench, home: Home) -> None:
    home.stage.mkdir()
    got = bench.ask("GET", b"/stage")
    home.stage.rmdir()

    assert (got.status, got.problem["status"]) == (503, 503)


@pytest.mark.parametrize("network", [False, True], ids=["here", "a phone"])
def test_a_second_vote_of_a_wish_changes_the_first(bench: Bench, home: Home, vote: str, network: bool) -> None:
    bench.gateway = replace(bench.gateway, network=network)
    assert cast(bench, vote, "worker-dies").status == 200
    assert cast(bench, vote, "store-slow").status == 200

    assert (stage.seen(home) or {})["vote"]["counts"] == {"worker-dies": 0, "store-slow": 1}


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{", 400, "bad-request"),
        (b"[" * 1000, 400, "bad-request"),
        (b"[]", 400, "bad-request"),
        (b'{"vote": 1, "choice": "a", "wish_id": "b"}', 400, "bad-request"),
        (b"\xff", 400, "bad-request"),
        (b" " * (MAX_VOTE + 1), 413, "too-large"),
    ],
    ids=["no JSON", "a nest", "a list", "a number", "no UTF-8", "too large"],
)
def test_what_is_no_vote_is_refused(bench: Bench, vote: str, body: bytes, status: int, kind: str) -> None:
    got = bench.ask("POST", b"/stage/vote", JSON, body)

    assert (got.status, got.problem["type"]) == (status, f"urn:lastwish:problem:{kind}")


def test_a_form_of_another_site_is_no_vote(bench: Bench, vote: str) -> None:
    body = json.dumps({"vote": vote, "choice": "store-slow", "wish_id": WISH}).encode()

    assert bench.ask("POST", b"/stage/vote", {"Content-Type": "text/plain"}, body).status == 415


def test_who_sends_a_wish_has_its_vote(bench: Bench, home: Home) -> None:
    bench.engine = accepted
    given = bench.ask("POST", b"/wishes").headers["set-cookie"]
    cookie, *attributes = given.split("; ")
    assert set(attributes) == {"Path=/stage", "Max-Age=7200", "HttpOnly", "SameSite=Strict"}

    assert cast_with(bench, cookie, open_vote(home)).status == 200


def test_a_form_without_script_has_the_vote_too(bench: Bench) -> None:
    bench.engine = lambda _: httpx.Response(303, headers={"location": f"wishes/{WISH}?lang=ja#sent"})
    assert bench.ask("POST", b"/wishes").headers["set-cookie"] == BALLOTS.cookie(WISH)


def test_a_wish_that_was_refused_has_no_vote(bench: Bench) -> None:
    bench.engine = lambda _: httpx.Response(422, headers={"content-type": "application/problem+json"}, json={})
    assert "set-cookie" not in bench.ask("POST", b"/wishes").headers


@pytest.mark.parametrize(
    "cookie",
    ["", f"vote-{WISH}=", f"vote-{WISH}=1", f"vote-{WISH}=\xe9", Ballots("another key").cookie(WISH).partition(";")[0]],
    ids=["none", "empty", "guessed", "no ASCII", "of another stack"],
)
def test_who_only_knows_the_id_of_a_wish_cannot_change_its_vote(
    bench: Bench, home: Home, vote: str, cookie: str
) -> None:
    assert cast(bench, vote, "worker-dies").status == 200
    got = cast_with(bench, cookie, vote, "store-slow")

    assert (got.status, got.problem["type"]) == (403, "urn:lastwish:problem:forbidden")
    assert (stage.seen(home) or {})["vote"]["counts"] == {"worker-dies": 1, "store-slow": 0}


def test_the_cookie_of_one_wish_is_none_for_another(bench: Bench, home: Home, vote: str) -> None:
    other = "7f2c5bd6-0000-4b9d-a64f-05f6c5be9dcf"
    promise(home, other)
    own = BALLOTS.cookie(WISH).partition(";")[0]

    assert cast_with(bench, own, vote, wish_id=other).status == 403
    assert cast_with(bench, own.replace(WISH, other), vote, wish_id=other).status == 403


def test_only_a_wish_that_was_promised_has_a_vote(bench: Bench, home: Home, vote: str) -> None:
    assert cast(bench, vote, wish_id="7f2c5bd6-0000-4b9d-a64f-05f6c5be9dcf").status == 404
    rotate(home.ledger)
    assert cast(bench, vote).status == 404


@pytest.mark.parametrize(("choice", "other"), [("store-slow", "another"), ("another", None)])
def test_an_unknown_vote_or_choice_is_not_found(bench: Bench, vote: str, choice: str, other: str | None) -> None:
    got = cast(bench, other or vote, choice)

    assert (got.status, got.problem["type"]) == (404, "urn:lastwish:problem:not-found")


def test_a_vote_that_is_over_takes_no_more(bench: Bench, home: Home) -> None:
    promise(home, WISH)

    assert cast(bench, open_vote(home, seconds=0)).status == 409


# --- operators ---


@pytest.mark.parametrize(("method", "path"), FOR_OPERATORS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [(HERE, 401), ({**HERE, "Authorization": "Bearer of-somebody"}, 403), (ELSEWHERE, 404)],
    ids=["nobody", "no operator", "another host"],
)
def test_nobody_else_is_an_operator(
    bench: Bench, home: Home, method: str, path: bytes, headers: dict[str, str], status: int
) -> None:
    assert bench.ask(method, path, headers).status == status
    assert not home.log("drill").exists()
    assert stage.take_orders(home) == []


@pytest.mark.parametrize(("method", "path"), [*FOR_OPERATORS, ("GET", b"/presenter")])
def test_a_phone_has_none_of_it(bench: Bench, method: str, path: bytes) -> None:
    bench.gateway = bench.gateway.for_network()

    assert bench.ask(method, path, OPERATOR).status == 404
    assert not bench.reached


@pytest.mark.parametrize(("method", "path"), FOR_OPERATORS)
def test_a_page_of_another_site_may_not_use_an_operators_token(bench: Bench, method: str, path: bytes) -> None:
    assert bench.ask(method, path, {**OPERATOR, "Origin": "http://127.0.0.1:9"}).status == 403
    assert not bench.reached


@pytest.mark.parametrize(
    ("method", "path"), [("POST", b"/stage/drills/--exam"), ("PUT", b"/stage/drills"), ("POST", b"/stage/show/dance")]
)
def test_what_there_is_not_is_not_found(bench: Bench, home: Home, method: str, path: bytes) -> None:
    assert bench.ask(method, path, OPERATOR).status == 404
    assert not home.log("drill").exists()


def test_without_a_drill_operators_see_what_is_broken_nevertheless(bench: Bench) -> None:
    got = bench.ask("GET", b"/stage/drills", OPERATOR)

    assert json.loads(got.body) == {
        "running": False,
        "name": None,
        "says": None,
        "broken": True,
        "seconds_left": 12.5,
    }


def test_an_engine_that_does_not_answer_has_no_faults(bench: Bench) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/_lastwish/faults":
            raise httpx.ConnectError("it is dead")
        return console(request)

    bench.engine = silent
    got = bench.ask("GET", b"/stage/drills", OPERATOR)

    assert (got.status, json.loads(got.body)["broken"]) == (200, False)


def test_the_presenter_sees_the_show_and_gives_orders(bench: Bench, home: Home) -> None:
    assert bench.ask("GET", b"/stage/show", OPERATOR).headers["retry-after"] == "10"
    stage.put(home, show={"title": "The incident", "number": 1})
    assert json.loads(bench.ask("GET", b"/stage/show", OPERATOR).body) == {"title": "The incident", "number": 1}

    assert bench.ask("POST", b"/stage/show/skip", {**OPERATOR, "Origin": "http://127.0.0.1:8045"}).status == 202
    assert stage.take_orders(home) == ["skip"]


def test_the_short_address_leads_to_the_presenters_page(bench: Bench) -> None:
    got = bench.ask("GET", b"/presenter", HERE)

    assert (got.status, got.headers["location"]) == (302, "sign-in#presenter")
