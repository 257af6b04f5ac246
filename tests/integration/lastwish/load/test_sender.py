"""Sender as a process, against a server on this machine that stalls, refuses and hangs up."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from lastwish.load.plan import Plan, PlanOptions
from lastwish.load.results import WishResult
from lastwish.load.sender_process import SenderOptions, SenderProcess, start_sender
from lastwish.load.statistics import count_results, first_try_ms, latency_ms, percentiles
from tests.support.laptop import lives, wait_until
from tests.support.load_server import Answer, LoadServer, Request, load_server

STALL = 2.0  # seconds
DEFAULTS = SenderOptions()


def send(
    plan: Plan,
    server: LoadServer,
    folder: Path,
    options: SenderOptions = DEFAULTS,
    during: Callable[[SenderProcess], object] = id,
) -> list[WishResult]:
    """Send a plan to the server, and return the results in the order of the plan."""
    plan.write(folder / "plan.jsonl")
    with start_sender(folder / "plan.jsonl", server.url, options) as sender:
        sender.wait_until_sending()
        during(sender)
        assert wait_until(lambda: not sender.is_running())
        results = sender.read_results()
        assert sender.failure() is None
    return sorted(results, key=lambda each: each.n)


def test_a_stall_shows_in_all_wishes_that_were_due_meanwhile(tmp_path: Path) -> None:
    def stall(request: Request, _attempt: int) -> Answer:
        if request.key in slow:
            time.sleep(STALL)
        return 202, {}

    plan = Plan(PlanOptions("steady", wishes=100, over=5, seed=3))
    slow = {each.key for each in plan.requests[25:27]}  # as many as there are connections
    with load_server(stall) as server:
        results = send(plan, server, tmp_path, SenderOptions(in_flight=2))
    assert len(results) == 100

    stalled = [each for each in results if first_try_ms(each) >= 1000 * STALL]
    assert len(stalled) == 2  # a closed loop would have seen only these
    begin, end = max(each.sent for each in stalled), min(each.done for each in stalled)
    meanwhile = [each for each in results if begin < each.at < end]
    assert len(meanwhile) > 20
    assert all(each.done >= end for each in meanwhile)
    waited = [each for each in results if latency_ms(each) > 1000 * STALL / 4]
    assert len(waited) > 10 * len(stalled)
    open_loop, closed_loop = (percentiles(map(timing, results)) for timing in (latency_ms, first_try_ms))
    assert (open_loop["p95"] or 0) > 1000 * STALL / 2 > (closed_loop["p95"] or 0)
    assert (open_loop["p99"] or 0) > 1000 * STALL / 2


def test_the_same_seed_sends_the_same_requests_in_the_same_order(tmp_path: Path) -> None:
    options = PlanOptions("spike", wishes=80, over=1, seed=7, duplicates=0.2, hostile=0.2, malformed=0.2)
    seen = []
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        with load_server() as server:
            send(Plan(options), server, tmp_path / run, SenderOptions(in_flight=1))
        seen.append([(each.key, each.content_type, each.body) for each in server.requests])
    assert seen[0] == seen[1] == [(each.key, each.content_type, each.body) for each in Plan(options).requests]


def test_a_wish_refused_for_now_is_sent_again_with_the_same_key_after_retry_after(tmp_path: Path) -> None:
    def refuse_twice(_request: Request, attempt: int) -> Answer:
        return ((429, {"Retry-After": "1"}), (503, {}), (202, {}))[min(attempt, 3) - 1]

    plan = Plan(PlanOptions("steady", wishes=6, over=0.5, seed=1))
    with load_server(refuse_twice) as server:
        results = send(plan, server, tmp_path)
    assert [(each.status, each.tries, list(each.again_for)) for each in results] == [(202, 3, ["429", "503"])] * 6
    assert (count_results(results).retried, count_results(results).tries, count_results(results).given_up) == (6, 18, 0)
    for each in plan.requests:
        first, second, _ = [request.at for request in server.requests if request.key == each.key]
        assert second - first >= 1
    assert all(each.first_done is not None and each.first_done < each.done for each in results)


def test_results_that_were_written_before_the_first_reading_are_read(tmp_path: Path) -> None:
    plan = Plan(PlanOptions(wishes=3, over=0.1))
    plan.write(tmp_path / "plan.jsonl")
    with load_server() as server, start_sender(tmp_path / "plan.jsonl", server.url, DEFAULTS) as sender:
        assert wait_until(lambda: not sender.is_running())
        sender.wait_until_sending()
        assert sorted(each.n for each in sender.read_results()) == [0, 1, 2]


def test_a_wish_is_sent_again_after_a_lost_connection(tmp_path: Path) -> None:
    with load_server(lambda _, attempt: None if attempt == 1 else (202, {})) as server:
        results = send(Plan(PlanOptions(wishes=3, over=0.2)), server, tmp_path)
    assert [(each.status, list(each.again_for)) for each in results] == [(202, ["connection"])] * 3


def test_a_server_that_never_ends_its_answer_is_a_timeout(tmp_path: Path) -> None:
    with load_server(byte_pause=0.3) as server:
        results = send(Plan(PlanOptions(wishes=2, over=0.1)), server, tmp_path, SenderOptions(timeout=1, give_up=0))
    assert [(each.status, each.error, each.tries) for each in results] == [(0, "timeout", 1)] * 2


def test_a_captive_portals_page_is_not_an_acceptance(tmp_path: Path) -> None:
    with load_server(lambda _, attempt: (200, {}) if attempt == 1 else (202, {})) as server:
        results = send(Plan(PlanOptions(wishes=2, over=0.1)), server, tmp_path)
    assert [(each.status, list(each.again_for)) for each in results] == [(202, ["no wish"])] * 2


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with load_server() as elsewhere, load_server(lambda *_: (307, {"Location": f"{elsewhere.url}wishes"})) as server:
        results = send(Plan(PlanOptions(wishes=2, over=0.1)), server, tmp_path, SenderOptions(give_up=0))
    assert [each.error for each in results] == ["no wish"] * 2
    assert elsewhere.requests == []


def test_a_wish_that_is_refused_for_good_is_not_sent_again(tmp_path: Path) -> None:
    with load_server(lambda *_: (422, {})) as server:
        results = send(Plan(PlanOptions(wishes=3, over=0.2, malformed=1)), server, tmp_path)
    assert [(each.status, each.tries, each.wish_id) for each in results] == [(422, 1, None)] * 3


def test_a_wish_is_given_up_in_the_end(tmp_path: Path) -> None:
    with load_server(lambda *_: (503, {"Retry-After": "30"})) as server:
        results = send(Plan(PlanOptions(wishes=2, over=0.2)), server, tmp_path, SenderOptions(give_up=5))
    assert [(each.status, each.tries) for each in results] == [(503, 1)] * 2
    assert count_results(results).given_up == 2


def test_a_signal_ends_the_sending_with_every_answer_in_the_results(tmp_path: Path) -> None:
    def answer_slowly(_request: Request, _attempt: int) -> Answer:
        time.sleep(0.3)
        return 202, {}

    def interrupt(sender: SenderProcess) -> None:
        assert wait_until(lambda: len(server.accepted_keys) > 10 and server.in_flight > 0)
        sender.stop()

    plan = Plan(PlanOptions("steady", wishes=2000, over=200, seed=2))
    with load_server(answer_slowly) as server:
        results = send(plan, server, tmp_path, during=interrupt)
    keys = {each.number: each.key for each in plan.requests}
    assert sorted(keys[each.n] for each in results) == sorted(server.accepted_keys) == sorted(server.keys())
    assert {each.status for each in results} == {202}
    assert len(results) < 1000


def test_there_are_never_more_requests_in_flight_than_allowed(tmp_path: Path) -> None:
    def answer_slowly(_request: Request, attempt: int) -> Answer:
        time.sleep(0.02)
        return (503, {}) if attempt == 1 else (202, {})

    with load_server(answer_slowly) as server:
        results = send(Plan(PlanOptions("spike", wishes=120, over=1)), server, tmp_path, SenderOptions(in_flight=5))
    assert server.most == 5
    assert [each.status for each in results] == [202] * 120


def test_locusts_pages_can_only_show_and_stop(tmp_path: Path) -> None:
    plan = Plan(PlanOptions("steady", wishes=2000, over=200, seed=2))
    plan.write(tmp_path / "plan.jsonl")
    with load_server() as elsewhere, load_server() as server:
        with start_sender(tmp_path / "plan.jsonl", server.url, SenderOptions(in_flight=2, ui=True)) as sender:
            sender.wait_until_sending()
            assert sender.ui
            swarm = {"user_count": "50", "spawn_rate": "50", "host": elsewhere.url}
            with httpx.Client(base_url=sender.ui, trust_env=False, timeout=10) as pages:
                assert pages.post("swarm", data=swarm).status_code == 409
                assert pages.post("stop", headers={"Origin": "https://evil.example"}).status_code == 403
                assert pages.get("", headers={"Host": "evil.example"}).status_code == 403
                assert wait_until(lambda: len(server.requests) > 10)
                assert sender.is_sending()
                assert pages.get("stop").status_code == 405
                assert pages.post("stop", headers={"Origin": sender.ui.rstrip("/")}).status_code == 200
                assert wait_until(lambda: sender.read_results() is not None and not sender.is_sending())
                assert pages.get("").status_code == 200  # they stay when all is sent
            sender.read_results()
            assert (sender.failure(), server.most <= 2, elsewhere.requests) == (None, True, [])
        assert not sender.is_running()


def test_stop_in_the_pages_lets_requests_in_flight_end(tmp_path: Path) -> None:
    def answer_slowly(_request: Request, _attempt: int) -> Answer:
        time.sleep(2.5)
        return 202, {}

    plan = Plan(PlanOptions("steady", wishes=2000, over=200, seed=2))
    plan.write(tmp_path / "plan.jsonl")
    with (
        load_server(answer_slowly) as server,
        start_sender(tmp_path / "plan.jsonl", server.url, SenderOptions(ui=True)) as sender,
    ):
        sender.wait_until_sending()
        assert wait_until(lambda: server.in_flight > 3)
        httpx.post(f"{sender.ui}stop", trust_env=False, timeout=30)
        results: list[WishResult] = []
        assert wait_until(lambda: results.extend(sender.read_results()) or not sender.is_sending())
    assert {each.status for each in results} == {202}
    assert len(results) == len(server.requests)


def test_results_are_read_until_the_sending_has_ended_and_no_longer(tmp_path: Path) -> None:
    Plan(PlanOptions("steady", wishes=6, over=1)).write(tmp_path / "plan.jsonl")
    with load_server() as server, start_sender(tmp_path / "plan.jsonl", server.url, DEFAULTS) as sender:
        sender.wait_until_sending()
        early = sender.results_until_ended(0)
        assert sender.is_sending()
        rest = sender.results_until_ended(30, 0.01)
        assert not sender.is_sending()
    assert sorted(each.n for each in [*early, *rest]) == list(range(6))


def test_results_that_cannot_be_written_end_the_sending(tmp_path: Path) -> None:
    plan, results = tmp_path / "plan.jsonl", tmp_path / "results.jsonl"
    Plan(PlanOptions("steady", wishes=500, over=5)).write(plan)
    with load_server() as server:
        sender = f"ulimit -f 4; {sys.executable} -B -m lastwish.load.sender {plan} {results} {server.url}"
        done = subprocess.run(["sh", "-c", sender], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "the results cannot be written" in done.stderr
    assert len(server.requests) < 500


def test_nothing_is_sent_when_the_parent_ends_before_the_first_wish(tmp_path: Path) -> None:
    plan, results = tmp_path / "plan.jsonl", tmp_path / "results.jsonl"
    Plan(PlanOptions("steady", wishes=100, over=5)).write(plan)
    with load_server() as server:
        sender = f"{sys.executable} -m lastwish.load.sender {plan} {results} {server.url} --parent $$ >/dev/null 2>&1"
        started = subprocess.run(["sh", "-c", f"{sender} & echo $!"], capture_output=True, text=True, check=True)
        assert wait_until(lambda: not lives(int(started.stdout)))
    assert results.read_text() == ""
    assert server.requests == []


def test_the_sender_ends_when_its_parent_ends(tmp_path: Path) -> None:
    plan, results = tmp_path / "plan.jsonl", tmp_path / "results.jsonl"
    Plan(PlanOptions("steady", wishes=2000, over=200)).write(plan)
    with load_server() as server:
        sender = f"{sys.executable} -m lastwish.load.sender {plan} {results} {server.url} >{tmp_path}/log 2>&1"
        parent = f"{sender} & until grep -q zero {results}; do sleep 0.1; done"
        subprocess.run(["sh", "-c", parent], check=True, stderr=subprocess.DEVNULL, timeout=60)
        assert wait_until(lambda: '"ended"' in results.read_text(), 30)
