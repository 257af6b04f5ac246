"""Signing in as the console's page does it, and tokens that nobody should be let in with."""

import base64
import json
from typing import Any

from lastwish.aws.clients import Endpoint, engine_client


def sign_in(facts: dict[str, Any]) -> str:
    """The token that an operator gets for the password in what `up` or `status` said."""
    endpoint = Endpoint(facts["engine"], facts["credentials"]["access_key_id"])
    answer = engine_client("cognito-idp", endpoint).admin_initiate_auth(
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        UserPoolId=facts["outputs"]["UserPoolId"],
        ClientId=facts["outputs"]["UserPoolClientId"],
        AuthParameters={"USERNAME": facts["operator"]["username"], "PASSWORD": facts["operator"]["password"]},
    )
    token: str = answer["AuthenticationResult"]["IdToken"]
    return token


def forged(token: str) -> str:
    """The same, signed by somebody else."""
    header, claims, _ = token.split(".")
    return f"{header}.{claims}.{_base64(b'x' * 256)}"


def stretched(token: str) -> str:
    """The same with a later end, which its signature does not cover."""
    header, claims, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "==")) | {"exp": 4102444800}
    return f"{header}.{_base64(json.dumps(said).encode())}.{signature}"


def expired(token: str) -> str:
    """The same after its end: nobody here can sign one that is, so its signature does not fit either."""
    header, claims, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "==")) | {"exp": 946684800}
    return f"{header}.{_base64(json.dumps(said).encode())}.{signature}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
