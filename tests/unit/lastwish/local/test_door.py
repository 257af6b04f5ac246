"""Who is let in to the engine and the agent."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from lastwish.local.door import AGENT, CALLER, COMMANDS, KEY_HEADER, Door, named, new_key

KEY = "LW0123456789ABCDEF"
HOST = {"Host": "127.0.0.1:4566"}


def signed(key: str) -> dict[str, str]:
    scope = f"{key}/20451127/us-east-1/dynamodb/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=unchecked"}


class Room:
    """What is behind the door: it notes who came, and answers like MiniStack."""

    def __init__(self) -> None:
        self.came: list[tuple[str, list[str]]] = []

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.came.append((scope[CALLER], [name.decode() for name, _ in scope["headers"]]))
        headers = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-allow-headers", b"*"), (b"etag", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"inside"})


@pytest.fixture
def room() -> Room:
    return Room()


def knock(room: Room, headers: dict[str, str], method: str = "POST") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Door(room, KEY), raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4566") as client:
            return await client.request(method, "/", headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("credentials", "caller"),
    [
        (signed(KEY), COMMANDS),
        (signed(named(KEY, "lastwish-local-WorkerFunction-1")), "lastwish-local-WorkerFunction-1"),
        ({KEY_HEADER: named(KEY, AGENT)}, AGENT),
        ({KEY_HEADER: KEY}, COMMANDS),
    ],
)
def test_the_key_opens_and_names_the_caller(room: Room, credentials: dict[str, str], caller: str) -> None:
    assert knock(room, HOST | credentials).text == "inside"
    assert [name for name, _ in room.came] == [caller]


def test_a_client_that_reads_xml_gets_xml(room: Room) -> None:
    answer = knock(room, HOST | {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})

    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/xml")
    assert "<Code>AccessDeniedException</Code><Message>only with the key" in answer.text


@pytest.mark.parametrize("host", ["localhost:4566", "127.0.0.1:1", "host.docker.internal:4566"])
def test_this_machine_has_more_names_than_one(room: Room, host: str) -> None:
    assert knock(room, {"Host": host} | signed(KEY)).status_code == 200


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        signed(""),
        signed("test"),
        signed("000000000000"),
        signed(KEY[:-1]),
        signed(KEY + "0"),
        signed(KEY.lower()),
        signed("." + KEY),
        {KEY_HEADER: ""},
        {KEY_HEADER: "test"} | signed(KEY),
        {"Authorization": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"X-Amz-Credential": KEY},
    ],
)
def test_without_the_key_nobody_comes_in(room: Room, credentials: dict[str, str]) -> None:
    answer = knock(room, HOST | credentials)

    assert (answer.status_code, answer.json()["__type"]) == (403, "AccessDeniedException")
    assert room.came == []


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:4566", "127.0.0.1.evil.example:4566", "169.254.169.254:4566", "[::1]:4566", "x:1:2"],
)
def test_a_name_that_was_pointed_at_this_machine_is_refused_with_the_key_too(room: Room, host: str) -> None:
    assert knock(room, {"Host": host} | signed(KEY)).status_code == 403
    assert room.came == []


@pytest.mark.parametrize(
    "browser",
    [
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:4566"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Mode": "no-cors"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_web_page_is_refused_even_with_a_stolen_key(room: Room, browser: dict[str, str], method: str) -> None:
    assert knock(room, HOST | signed(KEY) | browser, method).status_code == 403
    assert room.came == []


def test_the_proxy_passes_on_what_a_browser_said_and_the_key_goes_no_further(room: Room) -> None:
    answer = knock(room, HOST | {"Origin": "http://127.0.0.1:8045", KEY_HEADER: KEY})

    assert answer.status_code == 200
    [(_, headers)] = room.came
    assert ("origin" in headers, KEY_HEADER in headers) == (True, False)


def test_no_answer_invites_another_page(room: Room) -> None:
    answers = [knock(room, HOST | signed(KEY)), knock(room, HOST)]

    assert [[name for name in each.headers if name.startswith("access-control")] for each in answers] == [[], []]
    assert answers[0].headers["etag"] == "1"


@pytest.mark.parametrize("headers", [[], [(b"host", b"127.0.0.1:1"), (b"host", b"evil.example")]])
def test_a_request_has_one_host(room: Room, headers: list[tuple[bytes, bytes]]) -> None:
    assert sent(room, {"type": "http", "headers": [*headers, (KEY_HEADER.encode(), KEY.encode())]})[0]["status"] == 403


def test_two_keys_are_none(room: Room) -> None:
    keys = [(KEY_HEADER.encode(), KEY.encode())] * 2
    assert sent(room, {"type": "http", "headers": [(b"host", b"127.0.0.1:1"), *keys]})[0]["status"] == 403


def test_a_web_socket_is_closed(room: Room) -> None:
    headers = [(b"host", b"127.0.0.1:1"), (KEY_HEADER.encode(), KEY.encode())]
    assert sent(room, {"type": "websocket", "headers": headers}) == [{"type": "websocket.close", "code": 1008}]


def sent(room: Room, scope: dict[str, Any]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read of what is refused")

    asyncio.run(Door(room, KEY)(scope, receive, send))
    assert room.came == []
    return messages


def test_a_door_without_a_key_is_not_built(room: Room) -> None:
    with pytest.raises(ValueError, match="everybody"):
        Door(room, "")


def test_each_key_is_new_and_chooses_no_account() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert not any(key[:12].isdecimal() for key in keys)
