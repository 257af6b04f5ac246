"""The sender as a process, against a server on this machine that stalls, refuses and hangs up."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from lastwish.load.figures import counts, first_try_ms, latency_ms, percentiles
from lastwish.load.plan import Options, Plan
from lastwish.load.run import Result
from lastwish.load.sender_process import Manner, Sender, sending
from tests.support.hall import Answer, Came, Hall, hall
from tests.support.laptop import lives, wait_until

STALL = 2.0  # seconds
AS_USUAL = Manner()


def sent(
    plan: Plan, here: Hall, place: Path, manner: Manner = AS_USUAL, during: Callable[[Sender], object] = id
) -> list[Result]:
    """The results of a plan that was sent to the hall, in the order of the plan."""
    plan.write(place / "plan.jsonl")
    with sending(place / "plan.jsonl", here.url, place, manner) as sender:
        sender.wait_until_sending()
        during(sender)
        assert wait_until(lambda: not sender.runs())
        results = sender.news()
        assert sender.failure() is None
    return sorted(results, key=lambda each: each.n)


def test_a_stall_shows_in_all_wishes_that_were_meant_to_be_sent_meanwhile(tmp_path: Path) -> None:
    def stalls(came: Came, _attempt: int) -> Answer:
        if came.key in slow:
            time.sleep(STALL)
        return 202, {}

    plan = Plan(Options("steady", wishes=100, over=5, seed=3))
    slow = {each.key for each in plan.requests[25:27]}  # as many as there are connections
    with hall(stalls) as here:
        results = sent(plan, here, tmp_path, Manner(in_flight=2))
    assert len(results) == 100

    stalled = [each for each in results if first_try_ms(each) >= 1000 * STALL]
    assert len(stalled) == 2  # all that a closed loop would have seen of it
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
    options = Options("spike", wishes=80, over=1, seed=7, duplicates=0.2, hostile=0.2, malformed=0.2)
    seen = []
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        with hall() as here:
            sent(Plan(options), here, tmp_path / run, Manner(in_flight=1))
        seen.append([(each.key, each.content_type, each.body) for each in here.came])
    assert seen[0] == seen[1] == [(each.key, each.content_type, each.body) for each in Plan(options).requests]


def test_who_is_refused_for_now_comes_back_with_the_same_key_and_not_before_it_may(tmp_path: Path) -> None:
    def full(_came: Came, attempt: int) -> Answer:
        return ((429, {"Retry-After": "1"}), (503, {}), (202, {}))[min(attempt, 3) - 1]

    plan = Plan(Options("steady", wishes=6, over=0.5, seed=1))
    with hall(full) as here:
        results = sent(plan, here, tmp_path)
    assert [(each.status, each.tries, list(each.again_for)) for each in results] == [(202, 3, ["429", "503"])] * 6
    assert (counts(results).retried, counts(results).tries, counts(results).given_up) == (6, 18, 0)
    for each in plan.requests:
        first, second, _ = [came.at for came in here.came if came.key == each.key]
        assert second - first >= 1
    assert all(each.first_done is not None and each.first_done < each.done for each in results)


def test_what_was_finished_before_anybody_looked_is_news(tmp_path: Path) -> None:
    plan = Plan(Options(wishes=3, over=0.1))
    plan.write(tmp_path / "plan.jsonl")
    with hall() as here, sending(tmp_path / "plan.jsonl", here.url, tmp_path, AS_USUAL) as sender:
        assert wait_until(lambda: not sender.runs())
        sender.wait_until_sending()
        assert sorted(each.n for each in sender.news()) == [0, 1, 2]


def test_a_lost_connection_is_tried_again(tmp_path: Path) -> None:
    with hall(lambda _, attempt: None if attempt == 1 else (202, {})) as here:
        results = sent(Plan(Options(wishes=3, over=0.2)), here, tmp_path)
    assert [(each.status, list(each.again_for)) for each in results] == [(202, ["connection"])] * 3


def test_a_server_that_never_ends_its_answer_is_a_timeout(tmp_path: Path) -> None:
    with hall(drip=0.3) as here:
        results = sent(Plan(Options(wishes=2, over=0.1)), here, tmp_path, Manner(timeout=1, give_up=0))
    assert [(each.status, each.error, each.tries) for each in results] == [(0, "timeout", 1)] * 2


def test_a_page_that_is_no_answer_of_ours_is_not_taken_for_one(tmp_path: Path) -> None:
    with hall(lambda _, attempt: (200, {}) if attempt == 1 else (202, {})) as here:
        results = sent(Plan(Options(wishes=2, over=0.1)), here, tmp_path)
    assert [(each.status, list(each.again_for)) for each in results] == [(202, ["no wish"])] * 2


def test_a_server_leads_it_nowhere_else(tmp_path: Path) -> None:
    with hall() as elsewhere, hall(lambda *_: (307, {"Location": f"{elsewhere.url}wishes"})) as here:
        results = sent(Plan(Options(wishes=2, over=0.1)), here, tmp_path, Manner(give_up=0))
    assert [each.error for each in results] == ["no wish"] * 2
    assert elsewhere.came == []


def test_what_is_refused_for_good_is_not_sent_again(tmp_path: Path) -> None:
    with hall(lambda *_: (422, {})) as here:
        results = sent(Plan(Options(wishes=3, over=0.2, malformed=1)), here, tmp_path)
    assert [(each.status, each.tries, each.wish_id) for each in results] == [(422, 1, None)] * 3


def test_a_wish_is_given_up_in_the_end(tmp_path: Path) -> None:
    with hall(lambda *_: (503, {"Retry-After": "30"})) as here:
        results = sent(Plan(Options(wishes=2, over=0.2)), here, tmp_path, Manner(give_up=5))
    assert [(each.status, each.tries) for each in results] == [(503, 1)] * 2
    assert counts(results).given_up == 2


def test_a_signal_ends_the_sending_with_all_that_was_answered_on_record(tmp_path: Path) -> None:
    def slowly(_came: Came, _attempt: int) -> Answer:
        time.sleep(0.3)
        return 202, {}

    def interrupt(sender: Sender) -> None:
        assert wait_until(lambda: len(here.answered) > 10 and here.inside > 0)
        sender.stop()

    plan = Plan(Options("steady", wishes=2000, over=200, seed=2))
    with hall(slowly) as here:
        results = sent(plan, here, tmp_path, during=interrupt)
    keys = {each.number: each.key for each in plan.requests}
    assert sorted(keys[each.n] for each in results) == sorted(here.answered) == sorted(here.keys())
    assert {each.status for each in results} == {202}
    assert len(results) < 1000


def test_there_are_never_more_requests_in_flight_than_allowed(tmp_path: Path) -> None:
    def slowly(_came: Came, attempt: int) -> Answer:
        time.sleep(0.02)
        return (503, {}) if attempt == 1 else (202, {})

    with hall(slowly) as here:
        results = sent(Plan(Options("spike", wishes=120, over=1)), here, tmp_path, Manner(in_flight=5))
    assert here.most == 5
    assert [each.status for each in results] == [202] * 120


def test_locusts_pages_only_show_and_stop(tmp_path: Path) -> None:
    plan = Plan(Options("steady", wishes=2000, over=200, seed=2))
    plan.write(tmp_path / "plan.jsonl")
    with hall() as elsewhere, hall() as here:
        with sending(tmp_path / "plan.jsonl", here.url, tmp_path, Manner(in_flight=2, ui=True)) as sender:
            sender.wait_until_sending()
            assert sender.ui
            swarm = {"user_count": "50", "spawn_rate": "50", "host": elsewhere.url}
            with httpx.Client(base_url=sender.ui, trust_env=False, timeout=10) as pages:
                assert pages.post("swarm", data=swarm).status_code == 409
                assert pages.post("stop", headers={"Origin": "https://evil.example"}).status_code == 403
                assert pages.get("", headers={"Host": "evil.example"}).status_code == 403
                assert wait_until(lambda: len(here.came) > 10)
                assert sender.sends()
                assert pages.get("stop").status_code == 405
                assert pages.post("stop", headers={"Origin": sender.ui.rstrip("/")}).status_code == 200
                assert wait_until(lambda: sender.news() is not None and not sender.sends())
                assert pages.get("").status_code == 200  # to be looked at when all is over
            sender.news()
            assert (sender.failure(), here.most <= 2, elsewhere.came) == (None, True, [])
        assert not sender.runs()


def test_stop_in_the_pages_lets_what_is_in_flight_come_back(tmp_path: Path) -> None:
    def slowly(_came: Came, _attempt: int) -> Answer:
        time.sleep(2.5)
        return 202, {}

    plan = Plan(Options("steady", wishes=2000, over=200, seed=2))
    plan.write(tmp_path / "plan.jsonl")
    with hall(slowly) as here, sending(tmp_path / "plan.jsonl", here.url, tmp_path, Manner(ui=True)) as sender:
        sender.wait_until_sending()
        assert wait_until(lambda: here.inside > 3)
        httpx.post(f"{sender.ui}stop", trust_env=False, timeout=30)
        results: list[Result] = []
        assert wait_until(lambda: results.extend(sender.news()) or not sender.sends())
    assert {each.status for each in results} == {202}
    assert len(results) == len(here.came)


def test_results_that_cannot_be_written_end_the_sending(tmp_path: Path) -> None:
    plan, results = tmp_path / "plan.jsonl", tmp_path / "results.jsonl"
    Plan(Options("steady", wishes=500, over=5)).write(plan)
    with hall() as here:
        sender = f"ulimit -f 4; {sys.executable} -B -m lastwish.load.sender {plan} {results} {here.url}"
        done = subprocess.run(["sh", "-c", sender], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "the results cannot be written" in done.stderr
    assert len(here.came) < 500


def test_nothing_is_sent_for_who_is_gone_before_the_first_wish(tmp_path: Path) -> None:
    plan, results = tmp_path / "plan.jsonl", tmp_path / "results.jsonl"
    Plan(Options("steady", wishes=100, over=5)).write(plan)
    with hall() as here:
        sender = f"{sys.executable} -m lastwish.load.sender {plan} {results} {here.url} --parent $$ >/dev/null 2>&1"
        told = subprocess.run(["sh", "-c", f"{sender} & echo $!"], capture_output=True, text=True, check=True)
        assert wait_until(lambda: not lives(int(told.stdout)))
    assert results.read_text() == ""
    assert here.came == []


def test_the_end_of_who_started_it_is_its_end(tmp_path: Path) -> None:
    plan, results = tmp_path / "plan.jsonl", tmp_path / "results.jsonl"
    Plan(Options("steady", wishes=2000, over=200)).write(plan)
    with hall() as here:
        sender = f"{sys.executable} -m lastwish.load.sender {plan} {results} {here.url} >{tmp_path}/log 2>&1"
        parent = f"{sender} & until grep -q zero {results}; do sleep 0.1; done"
        subprocess.run(["sh", "-c", parent], check=True, stderr=subprocess.DEVNULL, timeout=60)
        assert wait_until(lambda: '"ended"' in results.read_text(), 30)
