import json
from types import ModuleType
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.support.functions import Invoke, Log
from tests.support.samples import sample

PASSWORD = json.loads(sample("console-sign-in")["body"])["password"]


@pytest.fixture
def cognito(console: ModuleType) -> Stubber:
    stubber = Stubber(console.cognito)
    stubber.activate()
    return stubber


def sign_in(console: ModuleType, invoke: Invoke) -> tuple[int, dict[str, Any]]:
    answer = invoke(console, sample("console-sign-in"))
    return answer["statusCode"], json.loads(answer["body"])


def test_a_known_user_gets_a_token(console: ModuleType, cognito: Stubber, invoke: Invoke, log: Log) -> None:
    asked = {
        "UserPoolId": "us-east-1_pool",
        "ClientId": "client",
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "presenter", "PASSWORD": PASSWORD},
    }
    tokens = {"IdToken": "the-id-token", "AccessToken": "the-access-token", "ExpiresIn": 43200}
    cognito.add_response("admin_initiate_auth", {"AuthenticationResult": tokens}, asked)
    assert sign_in(console, invoke) == (200, {"token": "the-id-token", "expires_in": 43200})
    logged = json.dumps(log.lines())
    assert PASSWORD not in logged
    assert "token" not in logged


@pytest.mark.parametrize("code", ["NotAuthorizedException", "UserNotFoundException", "InvalidParameterException"])
def test_an_unknown_user_is_refused(console: ModuleType, cognito: Stubber, invoke: Invoke, code: str) -> None:
    cognito.add_client_error("admin_initiate_auth", code)
    status, problem = sign_in(console, invoke)
    assert (status, problem["type"]) == (401, "urn:lastwish:problem:unauthorized")


def test_a_locked_account_is_told_so(console: ModuleType, cognito: Stubber, invoke: Invoke) -> None:
    cognito.add_client_error("admin_initiate_auth", "NotAuthorizedException", "Password attempts exceeded")
    status, problem = sign_in(console, invoke)
    assert (status, problem["type"]) == (429, "urn:lastwish:problem:account-locked")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_what_any_page_may_send_is_not_tried(
    console: ModuleType, cognito: Stubber, invoke: Invoke, content_type: str
) -> None:
    """A page of another origin sends a text or a form without being asked, and would lock the account."""
    event = sample("console-sign-in")
    event["headers"]["Content-Type"] = content_type
    event["multiValueHeaders"]["Content-Type"] = [content_type]
    answer = invoke(console, event)
    assert (answer["statusCode"], json.loads(answer["body"])["detail"]) == (415, "Send application/json.")
    cognito.assert_no_pending_responses()


def test_a_challenge_is_no_token(console: ModuleType, cognito: Stubber, invoke: Invoke) -> None:
    cognito.add_response("admin_initiate_auth", {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s" * 20})
    assert sign_in(console, invoke)[0] == 401


@pytest.mark.parametrize("code", ["TooManyRequestsException", "InternalErrorException"])
def test_without_cognito_a_sign_in_is_answered_503(
    console: ModuleType, cognito: Stubber, invoke: Invoke, log: Log, code: str
) -> None:
    cognito.add_client_error("admin_initiate_auth", code)
    assert sign_in(console, invoke)[0] == 503
    assert PASSWORD not in json.dumps(log.lines())
