"""Listener on a real socket: its deadlines, its bounds, and what it says to what is no HTTP."""

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from lastwish.local.proxy.listener import Deadlines
from tests.support.laptop import wait_until
from tests.support.listeners import Listening, listening, until_closed
from tests.support.raw_http import answers_in
from tests.support.slow_clients import BODY, HEAD, OTHER_ADDRESS, alive, connected, dripping, has_other_address

QUICK = Deadlines(head=0.5, body=0.5, answer=0.5)
LARGE = b"x" * 20_000_000  # more than the buffers of both ends hold


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, unless the path says otherwise, and answer with a few bytes, or many."""
    if scope["path"] != "/unread":
        while (await receive()).get("more_body"):
            pass
    body = LARGE if scope["path"] == "/large" else b"hello"
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def quick() -> Iterator[Listening]:
    """A listener without patience."""
    with listening(app, deadlines=QUICK) as running:
        yield running


# --- deadlines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [b"", b"GET", HEAD, BODY])
def test_a_client_that_stops_in_a_request_is_closed(quick: Listening, start: bytes) -> None:
    with connected(quick.url, 1) as [client]:
        client.sendall(start)

        assert until_closed(client) == b""


@pytest.mark.parametrize("start", [HEAD + b"X: ", BODY])
def test_a_client_that_sends_a_byte_now_and_then_is_closed(quick: Listening, start: bytes) -> None:
    with connected(quick.url, 1) as [client], dripping([client], start, pause=0.1):
        assert until_closed(client) == b""


def test_a_body_that_goes_on_after_its_answer_is_not_awaited_for_ever(quick: Listening) -> None:
    unread = BODY.replace(b"/wishes", b"/unread")
    with connected(quick.url, 1) as [client], dripping([client], unread, pause=0.1):
        assert [each.status for each in answers_in(until_closed(client))] == [200]


def test_a_client_that_does_not_read_its_answer_is_closed(quick: Listening) -> None:
    with connected(quick.url, 1) as [client]:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wait_until(lambda: quick.connections() == 1)
        assert wait_until(lambda: quick.connections() == 0)

        assert 0 < len(until_closed(client)) < len(LARGE)


def test_a_client_with_one_request_after_the_other_stays(quick: Listening) -> None:
    with httpx.Client(trust_env=False) as client:
        for _ in range(8):  # in all longer than any deadline
            assert client.get(quick.url, timeout=30).text == "hello"
            assert quick.connections() == 1
            time.sleep(0.4)


def test_an_answer_that_takes_us_long_closes_nothing() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(3)
        await app(scope, receive, send)

    with listening(slow, deadlines=QUICK) as running:
        assert httpx.get(running.url, timeout=30, trust_env=False).text == "hello"


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_one_connection_too_many_is_closed_and_the_others_are_served() -> None:
    with listening(app, most=3) as running, connected(running.url, 3) as clients:
        assert wait_until(lambda: running.connections() == 3)
        with connected(running.url, 1) as [late]:
            assert until_closed(late) == b""
        for client in clients:
            client.sendall(HEAD + b"Connection: close\r\n\r\n")

            assert [each.status for each in answers_in(until_closed(client))] == [200]


def test_the_place_of_a_connection_that_ended_is_free() -> None:
    with listening(app, most=1) as running:
        for _ in range(3):
            assert httpx.get(running.url, timeout=30, trust_env=False).status_code == 200
            assert wait_until(lambda: running.connections() == 0)


@pytest.mark.skipif(not has_other_address(), reason="this system has one address on loopback")
def test_an_address_with_too_many_connections_leaves_room_for_others() -> None:
    with listening(app, most_per_address=2) as running, connected(running.url, 5) as greedy:
        assert wait_until(lambda: alive(greedy) == 2)
        with connected(running.url, 1, [OTHER_ADDRESS]) as [other]:
            other.sendall(HEAD + b"Connection: close\r\n\r\n")

            assert [each.status for each in answers_in(until_closed(other))] == [200]


# --- what is no HTTP --------------------------------------------------------------------------------------------------


def test_no_second_answer_follows_the_one_to_a_broken_body() -> None:
    """The application has not read the body: it would answer, and with a stack in the log when it may not."""
    with listening(app) as running, connected(running.url, 1) as [client]:
        client.sendall(b"POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")

        assert [each.status for each in answers_in(until_closed(client))] == [400]


def test_a_body_that_breaks_after_its_answer_only_closes() -> None:
    with listening(app) as running, connected(running.url, 1) as [client]:
        client.sendall(b"POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        first = client.recv(65536)
        client.sendall(b"x\r\n")

        assert [each.status for each in answers_in(first + until_closed(client))] == [200]
