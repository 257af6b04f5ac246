"""What became of wishes, with a stand-in for the API at the HTTP seam."""

import time
from datetime import UTC, datetime

import httpx
import pytest

from lastwish.load import follow
from lastwish.load.follow import BRISK, MOST, PACE, Follower, chosen
from lastwish.load.plan import Options, Plan
from lastwish.load.run import Followed
from tests.support.laptop import wait_until

ZERO = datetime(2045, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "FIRST_LOOK", 0.0)


def wish(*events: str) -> httpx.Response:
    """A wish whose events came in steps of a second."""
    history = [
        {"type": f"lastwish.wish.{event}", "time": datetime.fromtimestamp(ZERO + index, UTC).isoformat()}
        for index, event in enumerate(events)
    ]
    return httpx.Response(200, json={"history": history})


def followed(wanted: dict[int, float], *answers: httpx.Response) -> tuple[Follower, list[str]]:
    """A follower that gets these answers one after another, the last for ever; and what it asked."""
    left, asked = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        this = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(this.status_code, headers=this.headers, content=this.content)

    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://127.0.0.1:1/")
    return Follower(http, wanted), asked


def until_found(follower: Follower) -> dict[int, Followed]:
    follower.start(ZERO)
    assert wait_until(lambda: not follower.open, 20)
    return follower.finish()


def test_boarding_is_timed_from_the_intended_send_by_the_history() -> None:
    follower, asked = followed({4: 0.5}, wish("submitted.v1", "accepted.v1", "boarded.v2"))
    follower.accepted(4, "w4")
    assert until_found(follower) == {4: Followed("boarded", 1500.0)}
    assert asked == ["/wishes/w4"]


def test_the_first_end_counts() -> None:
    follower, _ = followed({0: 0.0}, wish("submitted.v1", "waitlisted.v1", "boarded.v2"))
    follower.accepted(0, "w0")
    assert until_found(follower) == {0: Followed("waitlisted", 1000.0)}


def test_it_asks_again_until_the_wish_has_ended() -> None:
    nowhere, busy = httpx.Response(404), httpx.Response(429, headers={"Retry-After": "1"})
    follower, asked = followed({0: 0.0}, nowhere, busy, wish("submitted.v1", "rejected.v1"))
    follower.accepted(0, "w0")
    assert until_found(follower) == {0: Followed("rejected", 1000.0)}
    assert len(asked) == 3


def test_what_has_not_ended_is_unfinished() -> None:
    follower, _ = followed({0: 0.0, 1: 0.0}, wish("submitted.v1"))
    follower.accepted(0, "w0")
    assert follower.open == 1
    assert follower.finish() == {0: Followed("unfinished")}


def test_a_wish_of_an_earlier_run_with_the_same_seed_has_no_time() -> None:
    follower, _ = followed({0: 3600.0}, wish("submitted.v1", "boarded.v2"))
    follower.accepted(0, "w0")
    assert until_found(follower) == {0: Followed("boarded", None)}


def test_who_is_busy_is_asked_when_it_says() -> None:
    follower, asked = followed({0: 0.0}, httpx.Response(429, headers={"Retry-After": "7"}), wish("boarded.v2"))
    follower.accepted(0, "w0")
    assert follower.look() == 7
    assert len(asked) == 1


@pytest.mark.parametrize("answer", [[], {"history": [{}]}, {"history": 5}])
def test_what_is_no_wish_is_asked_for_again(answer: object) -> None:
    follower, _ = followed({0: 0.0}, httpx.Response(200, json=answer), wish("submitted.v1", "boarded.v2"))
    follower.accepted(0, "w0")
    follower.hurry()
    follower.look()
    assert until_found(follower) == {0: Followed("boarded", 1000.0)}


def test_once_the_chain_is_at_rest_all_are_asked_for_at_once() -> None:
    follower, asked = followed(dict.fromkeys(range(3), 0.0), wish("submitted.v1", "boarded.v2"))
    for number in range(3):
        follower.accepted(number, f"w{number}")
    follower.hurry()
    assert [follower.look() for _ in range(3)] == [BRISK] * 3
    assert (len(asked), follower.open) == (3, 0)


def test_nobody_else_is_followed_and_nobody_twice() -> None:
    follower, _ = followed({0: 0.0}, wish("submitted.v1"))
    follower.accepted(1, "w1")
    follower.accepted(0, "w0")
    follower.accepted(0, "w0")
    assert follower.open == 1


def test_it_never_asks_more_than_ten_times_a_second() -> None:
    follower, asked = followed(dict.fromkeys(range(50), 0.0), wish("submitted.v1"))
    for number in range(50):
        follower.accepted(number, f"w{number}")
    began = time.monotonic()
    follower.start(ZERO)
    assert wait_until(lambda: len(asked) >= 5, 20)
    follower.finish()
    assert len(asked) <= (time.monotonic() - began) / PACE


def test_all_of_a_small_run_are_followed_but_what_is_to_be_refused_and_duplicates() -> None:
    requests = Plan(Options(wishes=100, over=1, duplicates=0.1, malformed=0.1, hostile=0.1)).requests
    found = chosen(requests, seed=1)
    assert found == {each.number: each.at for each in requests if each.kind in ("ordinary", "hostile")}
    assert len(found) == 80


def test_a_sample_of_a_large_run_is_spread_over_it_and_the_same_for_the_same_seed() -> None:
    requests = Plan(Options(wishes=1000, over=10)).requests
    found = chosen(requests, seed=1)
    assert len(found) == MOST
    assert [sum(low <= number < low + 100 for number in found) for low in range(0, 1000, 100)] == [30] * 10
    assert found == chosen(requests, seed=1) != chosen(requests, seed=2)
