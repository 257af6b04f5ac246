"""Follower, with a stand-in for the API at the HTTP seam."""

import time
from datetime import UTC, datetime

import httpx
import pytest

from lastwish.load import follower as following
from lastwish.load.follower import FAST_INTERVAL, INTERVAL, MOST, Follower, sample_to_follow
from lastwish.load.plan import Plan, PlanOptions
from lastwish.load.results import Outcome
from tests.support.laptop import wait_until

ZERO = datetime(2045, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def _no_first_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FIRST_WISH_PAUSE", 0.0)


def wish(*events: str) -> httpx.Response:
    """Return a wish whose events have times a second apart."""
    history = [
        {"type": f"lastwish.wish.{event}", "time": datetime.fromtimestamp(ZERO + index, UTC).isoformat()}
        for index, event in enumerate(events)
    ]
    return httpx.Response(200, json={"history": history})


def make_follower(sample: dict[int, float], *answers: httpx.Response) -> tuple[Follower, list[str]]:
    """Return a follower that gets these answers one after another, the last for ever; and the paths of its requests."""
    left, requested = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        requested.append(request.url.path)
        template = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(template.status_code, headers=template.headers, content=template.content)

    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://127.0.0.1:1/")
    return Follower(http, sample), requested


def outcomes_of(follower: Follower) -> dict[int, Outcome]:
    follower.start(ZERO)
    assert wait_until(lambda: not follower.open_count, 20)
    return follower.finish()


def test_boarding_is_timed_from_the_intended_send_by_the_history() -> None:
    follower, requested = make_follower({4: 0.5}, wish("submitted.v1", "accepted.v1", "boarded.v2"))
    follower.add(4, "w4")
    assert outcomes_of(follower) == {4: Outcome("boarded", 1500.0)}
    assert requested == ["/wishes/w4"]


def test_the_first_end_in_the_history_counts() -> None:
    follower, _ = make_follower({0: 0.0}, wish("submitted.v1", "waitlisted.v1", "boarded.v2"))
    follower.add(0, "w0")
    assert outcomes_of(follower) == {0: Outcome("waitlisted", 1000.0)}


def test_it_asks_again_until_the_wish_has_ended() -> None:
    nowhere, busy = httpx.Response(404), httpx.Response(429, headers={"Retry-After": "1"})
    follower, requested = make_follower({0: 0.0}, nowhere, busy, wish("submitted.v1", "rejected.v1"))
    follower.add(0, "w0")
    assert outcomes_of(follower) == {0: Outcome("rejected", 1000.0)}
    assert len(requested) == 3


def test_a_wish_that_has_not_ended_is_unfinished() -> None:
    follower, _ = make_follower({0: 0.0, 1: 0.0}, wish("submitted.v1"))
    follower.add(0, "w0")
    assert follower.open_count == 1
    assert follower.finish() == {0: Outcome("unfinished")}


def test_a_wish_of_an_earlier_load_with_the_same_seed_has_no_time() -> None:
    follower, _ = make_follower({0: 3600.0}, wish("submitted.v1", "boarded.v2"))
    follower.add(0, "w0")
    assert outcomes_of(follower) == {0: Outcome("boarded", None)}


def test_a_busy_api_is_asked_again_after_retry_after() -> None:
    follower, requested = make_follower({0: 0.0}, httpx.Response(429, headers={"Retry-After": "7"}), wish("boarded.v2"))
    follower.add(0, "w0")
    assert follower.poll() == 7
    assert len(requested) == 1


@pytest.mark.parametrize("answer", [[], {"history": [{}]}, {"history": 5}])
def test_an_answer_that_is_not_a_wish_is_requested_again(answer: object) -> None:
    follower, _ = make_follower({0: 0.0}, httpx.Response(200, json=answer), wish("submitted.v1", "boarded.v2"))
    follower.add(0, "w0")
    follower.speed_up()
    follower.poll()
    assert outcomes_of(follower) == {0: Outcome("boarded", 1000.0)}


def test_once_the_queues_are_empty_all_wishes_are_requested_at_once() -> None:
    follower, requested = make_follower(dict.fromkeys(range(3), 0.0), wish("submitted.v1", "boarded.v2"))
    for number in range(3):
        follower.add(number, f"w{number}")
    follower.speed_up()
    assert [follower.poll() for _ in range(3)] == [FAST_INTERVAL] * 3
    assert (len(requested), follower.open_count) == (3, 0)


def test_only_wishes_of_the_sample_are_followed_and_none_twice() -> None:
    follower, _ = make_follower({0: 0.0}, wish("submitted.v1"))
    follower.add(1, "w1")
    follower.add(0, "w0")
    follower.add(0, "w0")
    assert follower.open_count == 1


def test_it_never_asks_more_than_ten_times_a_second() -> None:
    follower, requested = make_follower(dict.fromkeys(range(50), 0.0), wish("submitted.v1"))
    for number in range(50):
        follower.add(number, f"w{number}")
    began = time.monotonic()
    follower.start(ZERO)
    assert wait_until(lambda: len(requested) >= 5, 20)
    follower.finish()
    assert len(requested) <= (time.monotonic() - began) / INTERVAL


def test_of_a_small_load_all_are_followed_but_refused_wishes_and_duplicates() -> None:
    requests = Plan(PlanOptions(wishes=100, over=1, duplicates=0.1, malformed=0.1, hostile=0.1)).requests
    sample = sample_to_follow(requests, seed=1)
    assert sample == {each.number: each.at for each in requests if each.kind in ("ordinary", "hostile")}
    assert len(sample) == 80


def test_a_sample_of_a_large_load_is_spread_over_it_and_follows_from_the_seed() -> None:
    requests = Plan(PlanOptions(wishes=1000, over=10)).requests
    sample = sample_to_follow(requests, seed=1)
    assert len(sample) == MOST
    assert [sum(low <= number < low + 100 for number in sample) for low in range(0, 1000, 100)] == [30] * 10
    assert sample == sample_to_follow(requests, seed=1) != sample_to_follow(requests, seed=2)
