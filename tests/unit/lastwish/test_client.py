"""How one wish is sent and followed, with a stand-in for the API at the HTTP seam."""

from collections.abc import Callable, Iterator

import httpx
import pytest
import stamina

from lastwish import client
from lastwish.errors import NotAnswered, NotEnded, WishRefused

BUSY = httpx.Response(429, headers={"Retry-After": "3"}, json={"title": "Too many requests"})
ACCEPTED = httpx.Response(202, json={"wish_id": "w1", "status": "submitted"})
TRAVELLING = httpx.Response(404, headers={"Retry-After": "1"}, json={"title": "Wish not found"})
BOARDED = httpx.Response(200, json={"wish_id": "w1", "status": "boarded", "seat": 7, "trace_id": "1-a"})


class Clock:
    """Time that only passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(client, "time", clock)
    with stamina.set_testing(True, attempts=5):  # retries, but without the pauses
        yield clock


def api(*answers: httpx.Response | Exception) -> tuple[httpx.Client, list[httpx.Request]]:
    """A client of an API that gives these answers one after another, the last for ever; and what reached it."""
    left, seen = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        this = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(this, Exception):
            raise this
        return httpx.Response(this.status_code, headers=this.headers, content=this.content)

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://127.0.0.1:1/"), seen


def submit(http: httpx.Client) -> client.Journey:
    return client.submit(http, "hello", "mars", None, timeout=10)


def test_a_wish_is_followed_until_it_ends() -> None:
    http, seen = api(ACCEPTED, TRAVELLING, BOARDED)
    journey = submit(http)

    assert (journey.wish_id, journey.status, journey.seat, journey.trace_id) == ("w1", "boarded", 7, "1-a")
    assert [each.url.path for each in seen] == ["/wishes", "/wishes/w1", "/wishes/w1"]


def test_a_retry_sends_the_same_key() -> None:
    http, seen = api(BUSY, httpx.ConnectError("reset"), ACCEPTED, BOARDED)
    submit(http)

    assert len({each.headers["Idempotency-Key"] for each in seen if each.method == "POST"}) == 1
    assert [each.method for each in seen] == ["POST", "POST", "POST", "GET"]


def test_two_wishes_have_two_keys() -> None:
    http, seen = api(ACCEPTED, BOARDED, ACCEPTED, BOARDED)
    submit(http)
    submit(http)

    assert len({each.headers["Idempotency-Key"] for each in seen if each.method == "POST"}) == 2


def test_a_refused_wish_says_why_and_is_not_sent_again() -> None:
    errors = [{"field": "message", "detail": "is too long"}]
    http, seen = api(httpx.Response(422, json={"title": "Not a wish", "detail": "...", "errors": errors}))

    with pytest.raises(WishRefused, match="Not a wish - message: is too long"):
        submit(http)
    assert len(seen) == 1


def test_an_answer_that_is_no_acceptance_is_not_taken_for_one() -> None:
    http, _ = api(httpx.Response(200, json={"wish_id": "w1"}))

    with pytest.raises(WishRefused, match="instead of 202"):
        submit(http)


def test_an_api_that_never_answers_is_named() -> None:
    http, _ = api(httpx.ConnectError("refused"))

    with pytest.raises(NotAnswered, match=r"http://127\.0\.0\.1:1/ does not answer"):
        submit(http)


def test_a_wish_that_does_not_end_in_time_tells_its_id(clock: Clock) -> None:
    http, _ = api(ACCEPTED, TRAVELLING)

    with pytest.raises(NotEnded) as caught:
        submit(http)
    assert caught.value.facts["wish_id"] == "w1"
    assert clock.now <= 10


def test_a_lost_net_while_following_is_not_the_end() -> None:
    http, _ = api(ACCEPTED, httpx.ReadTimeout("slow"), BOARDED)

    assert submit(http).status == "boarded"


def test_following_waits_as_long_as_it_is_asked_to(clock: Clock) -> None:
    http, _ = api(ACCEPTED, TRAVELLING, BOARDED)
    submit(http)

    assert clock.now == 1


def _error(response: httpx.Response) -> httpx.HTTPStatusError:
    return httpx.HTTPStatusError("", request=httpx.Request("POST", "http://x/"), response=response)


def _first(draw: Callable[[float, float], float], monkeypatch: pytest.MonkeyPatch) -> client.Backoff:
    monkeypatch.setattr(client.random, "uniform", draw)
    return client.Backoff()


def test_the_pause_is_drawn_from_nothing_to_a_growing_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    backoff = _first(lambda low, high: low or high, monkeypatch)
    pauses = [backoff(httpx.ConnectError("")) for _ in range(7)]

    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_retry_after_comes_before_the_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    backoff = _first(lambda _low, high: high, monkeypatch)

    assert backoff(_error(BUSY)) == pytest.approx(3.2)


@pytest.mark.parametrize("status", [400, 404, 413, 415, 422, 500])
def test_what_would_be_refused_again_is_not_retried(status: int) -> None:
    assert client.Backoff()(_error(httpx.Response(status))) is False
