"""The drill that operators start and end: real processes, and a stand-in for the engine at the HTTP seam."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from lastwish.local.processes import ProcessId, stop
from lastwish.local.proxy.app import Proxy
from lastwish.local.proxy.concurrency import ConcurrencyLimit, RouteLimits
from lastwish.local.proxy.drills import HOLD
from lastwish.local.proxy.gateway import read
from lastwish.local.proxy.ledger import Ledger
from lastwish.local.proxy.server import assemble
from lastwish.local.state import Home
from tests.support import ROOT
from tests.support.laptop import wait_until
from tests.support.proxy_bench import BALLOTS, Bench, Got, _ask
from tests.support.running_drill import SAYS, running_drill

OPERATOR = {"Host": "127.0.0.1:8045", "Authorization": "Bearer of-an-operator"}
type Answers = list[Callable[[httpx.Request], httpx.Response]]


def engine(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[] if request.url.path == "/_lastwish/faults" else {"held": []})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def bench(home: Home) -> Bench:
    return Bench(home.ledger, engine)


@pytest.fixture
def running(home: Home) -> Iterator[ProcessId]:
    with running_drill(home, "worker-dies") as process:
        yield process


def drill(bench: Bench, method: str = "GET", path: bytes = b"/stage/drills") -> tuple[int, dict[str, object]]:
    got = bench.ask(method, path, OPERATOR)
    return got.status, json.loads(got.body)


def test_a_drill_is_a_process_of_its_command_and_its_last_words_are_kept(bench: Bench, home: Home) -> None:
    status, started = drill(bench, "POST", b"/stage/drills/no-such-drill")
    assert (status, started["running"], started["name"]) == (202, True, "no-such-drill")

    assert wait_until(lambda: not drill(bench)[1]["running"])
    ended = drill(bench)[1]
    assert ended["name"] == "no-such-drill"
    assert ended["says"]


def test_there_is_one_drill_at_a_time(bench: Bench, running: ProcessId) -> None:
    status, problem = drill(bench, "POST", b"/stage/drills/store-slow")

    assert (status, problem["type"]) == (409, "urn:lastwish:problem:conflict")
    assert drill(bench)[1]["name"] == "worker-dies"


def test_what_a_drill_says_is_shown(bench: Bench, running: ProcessId) -> None:
    assert wait_until(lambda: drill(bench)[1]["says"] == SAYS)


def test_a_drill_renews_its_fault_but_the_time_left_counts_down(bench: Bench, running: ProcessId) -> None:
    bench.engine = lambda request: httpx.Response(200, json=[{"id": "f1", "seconds_left": 20.0}])

    assert drill(bench)[1]["seconds_left"] == HOLD
    stop(running)
    assert wait_until(lambda: drill(bench)[1]["seconds_left"] == 20.0)


def test_ending_one_ends_its_process_and_every_fault(bench: Bench, running: ProcessId) -> None:
    status, state = drill(bench, "DELETE")

    assert (status, state["running"]) == (200, False)
    assert not running.alive()
    assert ("DELETE", "/_lastwish/faults") in [(each.method, each.url.path) for each in bench.reached]


def test_without_a_drill_ending_it_ends_the_faults_of_others(bench: Bench) -> None:
    assert drill(bench, "DELETE")[0] == 200
    assert ("DELETE", "/_lastwish/faults") in [(each.method, each.url.path) for each in bench.reached]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"name": "a"}', '{"name": "a", "process": {"pid": "x", "create_time": 1}}']
)
def test_a_damaged_record_is_no_drill_and_faults_can_be_ended(bench: Bench, home: Home, text: str) -> None:
    (home.path / "drill.json").write_text(text)

    assert (drill(bench)[0], drill(bench)[1]["running"]) == (200, False)
    assert drill(bench, "DELETE")[0] == 200
    assert ("DELETE", "/_lastwish/faults") in [(each.method, each.url.path) for each in bench.reached]


# --- a drill may break the API that says who is an operator ---


async def asks(home: Home, answers: Answers) -> list[Got]:
    """Ask one stage as often as there are answers of the API, long after one another."""
    now: Answers = []
    transport = httpx.MockTransport(lambda request: now[-1](request))  # noqa: PLW0108  the last one by then
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4566") as client:
        limits = RouteLimits(ConcurrencyLimit())
        proxy = Proxy(client, "/local", read(ROOT / "template.yaml"), Ledger(home.ledger), limits, BALLOTS)
        app, got = assemble(proxy, home), []
        for answer in answers:
            now.append(answer)
            got.append(await _ask(app, "GET", b"/stage/drills", OPERATOR, [], b""))
        return got


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("it is dead")


def refusing(request: httpx.Request) -> httpx.Response:
    return httpx.Response(401, json={"message": "Unauthorized"})


@pytest.mark.parametrize(
    ("answers", "statuses"),
    [
        ([broken], [503]),
        ([engine, broken, broken], [200, 200, 200]),
        ([engine, refusing, broken], [200, 401, 503]),
    ],
    ids=["nobody yet", "an operator", "no operator any more"],
)
def test_who_was_an_operator_is_one_while_the_api_does_not_answer(
    home: Home, monkeypatch: pytest.MonkeyPatch, answers: Answers, statuses: list[int]
) -> None:
    monkeypatch.setattr("lastwish.local.proxy.stage.TRUSTED", 0.0)  # each request asks the API again

    assert [each.status for each in asyncio.run(asks(home, answers))] == statuses
