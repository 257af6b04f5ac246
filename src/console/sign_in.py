"""Sign an operator in: exchange name and password for a token of the user pool. The browser tab keeps the token."""

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import TransientError
from infra.aws import error_code
from web import problems
from web.language import media_type
from web.requests import Request

_REFUSED = ("NotAuthorizedException", "UserNotFoundException", "InvalidParameterException")
_LOCKED = "Password attempts exceeded"  # Cognito has no code of its own for it
_MOST_BYTES = 2048
JSON = "application/json"


class SignInUnavailable(TransientError):  # noqa: N818
    """Cognito did not answer, or refused for too many tries."""


def sign_in(cognito: Any, pool: str, client: str, request: Request) -> dict[str, Any]:
    """Return ``{"token", "expires_in"}`` (seconds) for ``{"name", "password"}``.

    Raises Problem 400, 401, 415, 429, SignInUnavailable.
    """
    if media_type(request.content_type) != JSON:
        # A form or a text is what any page may send in the presenter's name, until the account is locked.
        raise problems.unsupported([JSON])
    name, password = _credentials(request.body)
    try:
        # As this function's own right: the client takes passwords from nobody else, so that nobody gets round the
        # throttle of this route.
        response = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
    except (BotoCoreError, ClientError) as error:
        if error_code(error) in _REFUSED:
            raise (problems.locked() if _LOCKED in str(error) else problems.not_signed_in()) from None
        raise SignInUnavailable(error_code(error)) from None
    # This page has no form for a challenge (new password, second factor): `lastwish operator add` sets none.
    if "AuthenticationResult" not in response:
        raise problems.not_signed_in()
    result = response["AuthenticationResult"]
    return {"token": result["IdToken"], "expires_in": result["ExpiresIn"]}


def _credentials(body: bytes) -> tuple[str, str]:
    try:
        fields = json.loads(body[:_MOST_BYTES].decode())
        name, password = fields["name"], fields["password"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise problems.bad_request("Send a JSON object with name and password.") from None
    if not (isinstance(name, str) and isinstance(password, str) and name and password):
        raise problems.bad_request("Name and password are texts.")
    return name, password
