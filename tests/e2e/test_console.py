"""Operators, on the real template: signed in by a real user pool, let through by a real authorizer."""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.support.laptop import Stack, operator_account, wait_until

ENDS = 60.0  # seconds that a wish may take on a slow machine
OPS = [("GET", "ops/queue"), ("GET", "console"), ("POST", "ops/wall/panic")]
OPS += [
    ("POST", f"ops/wishes/5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01/{action}") for action in ("release", "hide", "erase")
]


@pytest.fixture
def http(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.url, timeout=30, trust_env=False) as client:
        yield client


def sign_in(http: httpx.Client, name: str, password: str) -> httpx.Response:
    return http.post("sign-in", json={"name": name, "password": password})


def kind(answer: httpx.Response) -> str:
    """Return the last part of a problem's type."""
    return str(answer.json().get("type", "")).rpartition(":")[2]


@pytest.fixture
def operator(stack: Stack, http: httpx.Client) -> dict[str, str]:
    """The headers of an operator who has signed in."""
    answer = sign_in(http, *operator_account(stack, "ana", "operators"))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def send(http: httpx.Client, message: str) -> str:
    answer = http.post("wishes", json={"message": message, "destination": "mars"})
    wish_id: str = answer.json()["wish_id"]
    assert wait_until(lambda: http.get(f"wishes/{wish_id}").status_code == 200, ENDS)
    return wish_id


def wall(http: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = http.get("wishes", params={"after": "latest", "limit": "100"}).json()
    return found


def on_the_wall(http: httpx.Client, wish_id: str) -> Callable[[], bool]:
    return lambda: wish_id in [wish["wish_id"] for wish in wall(http)["wishes"]]


@pytest.mark.parametrize(("method", "path"), OPS)
def test_without_a_token_nobody_gets_in(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:lastwish:problem:unauthorized")
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_forged_token_does_not_get_in_either(http: httpx.Client, operator: dict[str, str]) -> None:
    header, claims, signature = operator["Authorization"].removeprefix("Bearer ").split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    lies = base64.urlsafe_b64encode(json.dumps({**told, "cognito:username": "root"}).encode()).decode().rstrip("=")
    for token in ("x", "a.b.c", f"{header}.{lies}.{signature}", f"{header}.{claims}."):
        assert http.get("ops/queue", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(("method", "path"), OPS)
def test_a_user_without_the_role_is_refused(stack: Stack, http: httpx.Client, method: str, path: str) -> None:
    token = sign_in(http, *operator_account(stack, "bob", None)).json()["token"]
    answer = http.request(method, path, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:lastwish:problem:forbidden")


def test_a_wrong_password_is_refused_like_an_unknown_name(stack: Stack, http: httpx.Client) -> None:
    name, _ = operator_account(stack, "ana", "operators")
    answers = [sign_in(http, name, "not the one"), sign_in(http, "nobody", "not the one")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text == answers[1].text


def test_an_account_is_locked_after_some_wrong_passwords_and_open_again_after_a_while(
    stack: Stack, http: httpx.Client
) -> None:
    name, password = operator_account(stack, "hasty", "operators")
    # Each wrong password after the fifth locks for twice as long: sooner or later a try falls into a lock.
    assert wait_until(lambda: kind(sign_in(http, name, "not the one")) == "account-locked", ENDS)
    assert wait_until(lambda: sign_in(http, name, password).status_code == 200, ENDS)


def test_who_tries_many_passwords_at_once_is_throttled_and_nobody_else_is(http: httpx.Client) -> None:
    with ThreadPoolExecutor(16) as many:
        answers = list(many.map(lambda number: sign_in(http, f"nobody-{number}", "x"), range(100)))
        others = list(many.map(lambda _: http.get("manifest"), range(100)))
    assert {kind(answer) for answer in answers} == {"unauthorized", "too-many-requests"}
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 429)
    assert {answer.status_code for answer in others} == {200}
    assert wait_until(lambda: sign_in(http, "nobody", "x").status_code == 401, ENDS)


def test_a_group_whose_name_has_operators_in_it_opens_nothing(stack: Stack, http: httpx.Client) -> None:
    cognito, pool = stack.aws("cognito-idp"), stack.outputs["UserPoolId"]
    with suppress(cognito.exceptions.GroupExistsException):
        cognito.create_group(UserPoolId=pool, GroupName="x,operators")
    token = sign_in(http, *operator_account(stack, "mimic", "x,operators")).json()["token"]
    answer = http.get("ops/queue", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, kind(answer)) == (403, "forbidden")


def test_an_access_token_opens_nothing(stack: Stack, http: httpx.Client) -> None:
    name, password = operator_account(stack, "ana", "operators")
    tokens = stack.aws("cognito-idp").admin_initiate_auth(
        UserPoolId=stack.outputs["UserPoolId"],
        ClientId=stack.outputs["UserPoolClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )["AuthenticationResult"]
    statuses = [
        http.get("ops/queue", headers={"Authorization": f"Bearer {tokens[each]}"}).status_code
        for each in ("IdToken", "AccessToken")
    ]
    assert statuses == [200, 403]


@pytest.mark.parametrize(
    "sent", [b"", b"[]", b"{}", b'{"name": "ana"}', b'{"name": 1, "password": 2}', b"\xff", b"[" * 3000]
)
def test_nonsense_is_no_sign_in(http: httpx.Client, sent: bytes) -> None:
    answers: list[int] = []

    def answered() -> bool:  # not throttled: others have just signed in
        answers.append(http.post("sign-in", content=sent, headers={"Content-Type": "application/json"}).status_code)
        return answers[-1] != 429

    assert wait_until(answered)
    assert answers[-1] == 400


def test_the_audience_needs_no_account(http: httpx.Client) -> None:
    for path in ("", "wall", "wishes", "manifest", "health", "qr.svg", "sign-in"):
        assert http.get(path).status_code == 200, path


def test_an_operator_sees_what_is_held_and_the_wall_shows_it_once_released(
    http: httpx.Client, operator: dict[str, str]
) -> None:
    wish_id = send(http, "My band plays at https://band.example tonight")
    assert http.get(f"wishes/{wish_id}").json()["visibility"] == "held"

    def held() -> list[str]:
        return [wish["wish_id"] for wish in http.get("ops/queue", headers=operator).json()["held"]]

    assert wait_until(lambda: wish_id in held(), ENDS)
    answer = http.post(f"ops/wishes/{wish_id}/release", headers=operator)
    assert answer.json() == {"wish_id": wish_id, "status": "boarded", "visibility": "shown"}
    assert wait_until(on_the_wall(http, wish_id), ENDS)
    assert wait_until(lambda: wish_id not in held(), ENDS)


def test_a_hidden_wish_is_withdrawn_and_stays_hidden_through_a_rebuild(
    stack: Stack, http: httpx.Client, operator: dict[str, str]
) -> None:
    seen, hidden = send(http, "Seen"), send(http, "Seen for a while")
    assert wait_until(on_the_wall(http, hidden), ENDS)
    assert http.post(f"ops/wishes/{hidden}/hide", headers=operator).json()["visibility"] == "hidden"
    assert "Seen for a while" not in http.get(f"wishes/{hidden}").text
    assert wait_until(on_the_wall(http, seen), ENDS)
    assert wait_until(lambda: hidden in wall(http)["withdrawn"], ENDS)
    in_time = send(http, "Hidden in time")
    assert http.post(f"ops/wishes/{in_time}/hide", headers=operator).json()["visibility"] == "hidden"
    rebuilt = stack.run("rebuild", "--json", "--wait", "0")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert on_the_wall(http, seen)()
    assert not on_the_wall(http, hidden)()
    assert not on_the_wall(http, in_time)()


def test_an_erased_wish_has_no_text_left(http: httpx.Client, operator: dict[str, str]) -> None:
    wish_id = send(http, "Forget me")
    assert http.post(f"ops/wishes/{wish_id}/erase", headers=operator).json()["status"] == "erased"
    wish = http.get(f"wishes/{wish_id}").json()
    assert (wish["message"], wish["name"], wish["visibility"]) == (None, None, "hidden")


def test_panic_blanks_the_wall_and_one_call_brings_it_back(http: httpx.Client, operator: dict[str, str]) -> None:
    wish_id = send(http, "Still here afterwards")
    assert wait_until(on_the_wall(http, wish_id), ENDS)
    try:
        assert http.post("ops/wall/panic", headers=operator, json={"on": True}).json() == {"on": True}
        blank = wall(http)
        assert (blank["blank"], blank["wishes"]) == (True, [])
    finally:
        http.post("ops/wall/panic", headers=operator, json={"on": False})
    assert on_the_wall(http, wish_id)()
