"""Operators' accounts on a stack that runs: who `up` lets in, how others come and go, what a token opens."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.accounts import expired, forged, sign_in, stretched
from tests.support.laptop import Laptop, Stack


@pytest.fixture(scope="module")
def facts(stack: Stack) -> dict[str, Any]:
    """What `status` says of the stack that all tests share."""
    found: dict[str, Any] = json.loads(stack.run("status", "--json").stdout)
    return found


@pytest.fixture(scope="module")
def token(facts: dict[str, Any]) -> str:
    return sign_in(facts)


def queue(url: str, authorization: str | None) -> httpx.Response:
    headers = {"Authorization": authorization} if authorization else {}
    return httpx.get(url + "ops/queue", headers=headers, timeout=60, trust_env=False)


# --- the presenter ----------------------------------------------------------------------------------------------------


def test_up_lets_the_presenter_in(stack: Stack, facts: dict[str, Any], token: str) -> None:
    assert facts["operator"]["username"] == "presenter"
    assert facts["console"] == stack.url + "console"
    assert queue(stack.url, f"Bearer {token}").status_code == 200


def test_status_tells_the_password_and_no_log_does(stack: Stack, facts: dict[str, Any]) -> None:
    password = facts["operator"]["password"]

    assert f"(sign in as presenter, {password})" in stack.run("status").stdout
    for log in stack.home.glob("*.log"):
        assert password not in log.read_text(errors="replace")


@pytest.mark.parametrize("spoil", [forged, stretched, expired, lambda _: "nonsense", lambda _: "a.b.c"])
def test_a_spoilt_token_opens_nothing(stack: Stack, token: str, spoil: Callable[[str], str]) -> None:
    _refused(queue(stack.url, f"Bearer {spoil(token)}"))


@pytest.mark.parametrize("authorization", [None, "Bearer", "Basic cHJlc2VudGVyOng=", "AWS4-HMAC-SHA256 Credential=x"])
def test_no_token_opens_nothing(stack: Stack, authorization: str | None) -> None:
    _refused(queue(stack.url, authorization))


def _refused(answer: httpx.Response) -> None:
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 401
    assert "refresh" in answer.headers


# --- the others -------------------------------------------------------------------------------------------------------


def test_operators_come_and_go(stack: Stack) -> None:
    def operator(*args: str) -> dict[str, Any]:
        done = stack.run("operator", *args, "--json")
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    first, second = operator("add", "hanako"), operator("add", "hanako")
    assert (first["new"], second["new"]) == (True, False)
    assert first["password"] != second["password"]
    assert {"hanako", "presenter"} <= set(operator("list")["operators"])
    assert operator("remove", "hanako")["removed"] is True
    assert "hanako" not in operator("list")["operators"]


def test_a_new_password_replaces_the_old_one_and_says_so(stack: Stack, facts: dict[str, Any]) -> None:
    old = json.loads(stack.run("operator", "add", "bo", "--json").stdout)
    again = stack.run("operator", "add", "bo")
    new = {"username": "bo", "password": again.stdout.split()[-1]}

    assert "had an account already and has a new password" in again.stdout
    assert sign_in(facts | {"operator": new})
    with pytest.raises(Exception, match="NotAuthorizedException"):
        sign_in(facts | {"operator": old})
    stack.run("operator", "remove", "bo")
    with pytest.raises(Exception, match=r"NotAuthorizedException|UserNotFoundException"):
        sign_in(facts | {"operator": new})


def test_nobody_can_be_removed_twice(stack: Stack) -> None:
    done = stack.run("operator", "remove", "nobody", "--json")

    assert (done.returncode, json.loads(done.stdout)["error"]) == (1, "there is no operator nobody")


@pytest.mark.parametrize("command", [["add", "hanako"], ["remove", "hanako"], ["list"]])
def test_without_a_stack_each_command_says_so_in_one_line(laptop: Laptop, command: list[str]) -> None:
    done = laptop.run("operator", *command)

    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)


@pytest.mark.parametrize("command", [["add", "hanako"], ["list"]])
def test_accounts_of_a_stack_on_aws_are_found_by_its_name(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    stack.as_aws(monkeypatch)
    done = stack.run("operator", *command, "--stack", "lastwish-local", "--json")

    assert done.returncode == 0, done.stderr
    assert {"username", "operators"} & json.loads(done.stdout).keys()
    stack.run("operator", "remove", "hanako")
