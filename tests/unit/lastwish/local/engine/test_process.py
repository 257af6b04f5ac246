"""What the commands ask of the engine itself."""

import httpx
import pytest

from lastwish.aws.clients import Endpoint
from lastwish.errors import EngineFailed
from lastwish.local.door import KEY_HEADER
from lastwish.local.engine import process as engine

ENDPOINT = Endpoint("http://127.0.0.1:4566", "LWKEY")
QUEUE = "http://127.0.0.1:4566/000000000000/Inbox"


def answering(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> list[httpx.Request]:
    """Answer every request like this. Returns the requests that come."""
    asked: list[httpx.Request] = []

    def request(method: str, url: str, **sent: object) -> httpx.Response:
        assert sent["trust_env"] is False
        asked.append(httpx.Request(method, url, params=sent["params"], headers=sent["headers"]))  # type: ignore[arg-type]
        answer.request = asked[-1]
        return answer

    monkeypatch.setattr(engine.httpx, "request", request)
    return asked


def test_the_engine_shows_what_is_in_a_queue_to_who_has_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"000000000000": {"us-east-1": {QUEUE: [{"Body": "one"}, {"Body": "two"}]}}}
    asked = answering(monkeypatch, httpx.Response(200, json={"messages": found}))
    assert engine.messages(ENDPOINT, QUEUE) == ["one", "two"]
    assert (asked[0].url.params["QueueUrl"], asked[0].headers[KEY_HEADER]) == (QUEUE, "LWKEY")


def test_an_empty_queue_has_no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, httpx.Response(200, json={"messages": {}}))
    assert engine.messages(ENDPOINT, QUEUE) == []


def test_an_engine_that_does_not_show_it_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, httpx.Response(403))
    with pytest.raises(EngineFailed, match="/_ministack/sqs/messages"):
        engine.messages(ENDPOINT, QUEUE)
