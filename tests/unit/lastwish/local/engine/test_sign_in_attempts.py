"""Locks after wrong passwords, by Cognito's rule, and around MiniStack's real user pools."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lastwish.local.engine import sign_in_attempts
from lastwish.local.engine.patch import ministack_module
from lastwish.local.engine.sign_in_attempts import LONGEST, Attempts

RIGHT, WRONG = "Right-password-1", "Wrong-password-1"

type SignIn = Callable[..., tuple[int, dict[str, Any]]]


def lock_after(failures: int) -> float:
    """Return for how long an account is locked after so many wrong passwords, each tried when no lock held."""
    attempts, now, until = Attempts(), 1000.0, 0.0
    for _ in range(failures):
        now = max(now, until)
        assert not attempts.is_locked("ana", now)
        attempts.count_failure("ana", now)
        until = next((now + locked for locked in lengths() if not attempts.is_locked("ana", now + locked)), now)
    return until - now


def lengths() -> list[float]:
    return sorted({0.0, *(2.0**power for power in range(12)), LONGEST})


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (14, 512), (15, 900), (20, 900)]
)
def test_the_fifth_wrong_password_locks_for_a_second_and_each_further_one_for_twice_as_long(
    failures: int, seconds: float
) -> None:
    assert lock_after(failures) == seconds


def failed(times: int, at: float) -> Attempts:
    attempts = Attempts()
    for _ in range(times):
        attempts.count_failure("ana", at)
    return attempts


def test_attempts_during_a_lock_do_not_prolong_it() -> None:
    attempts = failed(8, at=0.0)
    assert all(attempts.is_locked("ana", now) for now in (1.0, 3.0, 7.9))
    assert not attempts.is_locked("ana", 8.0)


def test_the_right_password_and_a_long_rest_forget_the_failures() -> None:
    forgiven, rested = failed(9, at=0.0), failed(9, at=0.0)
    forgiven.forget("ana")
    for attempts in (forgiven, rested):
        assert not attempts.is_locked("ana", LONGEST)
        attempts.count_failure("ana", LONGEST)
        assert not attempts.is_locked("ana", LONGEST)


def test_who_keeps_trying_is_not_forgotten() -> None:
    attempts = failed(5, at=0.0)
    for now in (600.0, 1200.0):
        assert not attempts.is_locked("ana", now)
    attempts.count_failure("ana", 1200.0)
    assert attempts.is_locked("ana", 1201.0)


def test_one_account_does_not_lock_another() -> None:
    assert not failed(9, at=0.0).is_locked("bo", 0.0)


# --- around MiniStack -------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(sign_in_attempts.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def sign_in(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> Iterator[SignIn]:
    """A user pool with the user ana, whose client hides which users exist."""
    cognito = ministack_module("services.cognito")
    monkeypatch.setattr(cognito, "_run_idp_handler", cognito._run_idp_handler)
    sign_in_attempts.install()
    pool = json.loads(cognito._create_user_pool({"PoolName": "test"})[2])["UserPool"]["Id"]
    asked = {"UserPoolId": pool, "ClientName": "page", "PreventUserExistenceErrors": "ENABLED"}
    client = json.loads(cognito._create_user_pool_client(asked)[2])["UserPoolClient"]["ClientId"]
    cognito._admin_create_user({"UserPoolId": pool, "Username": "ana"})
    cognito._admin_set_user_password({"UserPoolId": pool, "Username": "ana", "Password": RIGHT, "Permanent": True})

    def attempt(password: str, name: str = "ana", *, admin: bool = False) -> tuple[int, dict[str, Any]]:
        flow, action, handler = "USER_PASSWORD_AUTH", "InitiateAuth", cognito._initiate_auth
        if admin:
            flow, action, handler = "ADMIN_USER_PASSWORD_AUTH", "AdminInitiateAuth", cognito._admin_initiate_auth
        parameters = {"USERNAME": name, "PASSWORD": password}
        data = {"UserPoolId": pool, "ClientId": client, "AuthFlow": flow, "AuthParameters": parameters}
        status, _, answer = cognito._run_idp_handler(handler, action, data)
        return status, json.loads(answer)

    yield attempt
    cognito.reset()


def test_after_five_wrong_passwords_the_right_one_is_refused_until_the_lock_ends(
    sign_in: SignIn, clock: list[float]
) -> None:
    assert {sign_in(WRONG)[1]["message"] for _ in range(5)} == {"Incorrect username or password."}
    status, answer = sign_in(RIGHT)
    assert (status, answer["__type"]) == (400, "NotAuthorizedException")
    assert answer["message"] == "Password attempts exceeded"
    clock[0] = 1.0
    assert sign_in(RIGHT)[0] == 200
    assert sign_in(WRONG)[1]["message"] == "Incorrect username or password."


def test_a_lock_tells_nobody_which_names_exist(sign_in: SignIn) -> None:
    answers = {name: [sign_in(WRONG, name) for _ in range(7)] for name in ("ana", "nobody")}
    assert answers["ana"] == answers["nobody"]


def test_both_calls_that_take_a_password_count(sign_in: SignIn) -> None:
    for admin in (True, False, True, False, True):
        sign_in(WRONG, admin=admin)
    assert sign_in(RIGHT)[1]["message"] == sign_in(RIGHT, admin=True)[1]["message"] == "Password attempts exceeded"
