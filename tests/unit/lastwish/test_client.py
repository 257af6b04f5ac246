"""Sending and following one wish, with a stand-in for the API at the HTTP seam."""

from collections.abc import Iterator

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
    """A clock that only sleep moves."""

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
    """Return a client of an API that gives these answers one after another, the last for ever; and its requests."""
    left, requests = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        template = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(template, Exception):
            raise template
        return httpx.Response(template.status_code, headers=template.headers, content=template.content)

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://127.0.0.1:1/"), requests


def submit(http: httpx.Client) -> client.WishOutcome:
    return client.submit(http, "hello", "mars", None, timeout=10)


def test_a_wish_is_followed_until_it_ends() -> None:
    http, requests = api(ACCEPTED, TRAVELLING, BOARDED)
    outcome = submit(http)

    assert (outcome.wish_id, outcome.status, outcome.seat, outcome.trace_id) == ("w1", "boarded", 7, "1-a")
    assert [request.url.path for request in requests] == ["/wishes", "/wishes/w1", "/wishes/w1"]


def test_a_retry_sends_the_same_key() -> None:
    http, requests = api(BUSY, httpx.ConnectError("reset"), ACCEPTED, BOARDED)
    submit(http)

    assert len({request.headers["Idempotency-Key"] for request in requests if request.method == "POST"}) == 1
    assert [request.method for request in requests] == ["POST", "POST", "POST", "GET"]


def test_two_wishes_have_two_keys() -> None:
    http, requests = api(ACCEPTED, BOARDED, ACCEPTED, BOARDED)
    submit(http)
    submit(http)

    assert len({request.headers["Idempotency-Key"] for request in requests if request.method == "POST"}) == 2


def test_a_refused_wish_says_why_and_is_not_sent_again() -> None:
    errors = [{"field": "message", "detail": "is too long"}]
    http, requests = api(httpx.Response(422, json={"title": "Not a wish", "detail": "...", "errors": errors}))

    with pytest.raises(WishRefused, match="Not a wish - message: is too long"):
        submit(http)
    assert len(requests) == 1


def test_an_answer_other_than_202_is_a_refusal() -> None:
    http, _ = api(httpx.Response(200, json={"wish_id": "w1"}))

    with pytest.raises(WishRefused, match="instead of 202"):
        submit(http)


def test_the_error_for_an_api_that_never_answers_has_its_address() -> None:
    http, _ = api(httpx.ConnectError("refused"))

    with pytest.raises(NotAnswered, match=r"http://127\.0\.0\.1:1/ does not answer"):
        submit(http)


def test_the_error_for_a_wish_that_does_not_end_in_time_has_its_id(clock: Clock) -> None:
    http, _ = api(ACCEPTED, TRAVELLING)

    with pytest.raises(NotEnded) as caught:
        submit(http)
    assert caught.value.facts["wish_id"] == "w1"
    assert clock.now <= 10


def test_following_goes_on_after_a_lost_connection() -> None:
    http, _ = api(ACCEPTED, httpx.ReadTimeout("slow"), BOARDED)

    assert submit(http).status == "boarded"


def test_following_waits_as_long_as_retry_after_asks(clock: Clock) -> None:
    http, _ = api(ACCEPTED, TRAVELLING, BOARDED)
    submit(http)

    assert clock.now == 1


def _error(response: httpx.Response) -> httpx.HTTPStatusError:
    return httpx.HTTPStatusError("", request=httpx.Request("POST", "http://x/"), response=response)


@pytest.mark.parametrize("error", [httpx.ConnectError(""), _error(httpx.Response(503)), _error(BUSY)])
def test_a_wish_is_sent_again_after_the_pause_of_the_page(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "pause_before_retry", lambda tries, asked: (tries, asked))
    policy = client.RetryPolicy()

    asked = 3.0 if getattr(error, "response", None) is BUSY else 0.0
    assert [policy(error) for _ in range(2)] == [(1, asked), (2, asked)]


@pytest.mark.parametrize("status", [400, 404, 413, 415, 422, 500])
def test_a_final_refusal_is_not_retried(status: int) -> None:
    assert client.RetryPolicy()(_error(httpx.Response(status))) is False
