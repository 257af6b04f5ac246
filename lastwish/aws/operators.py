"""Manage the accounts for the console: users of a stack's Cognito user pool in its group `operators`."""

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lastwish.aws.clients import plain_errors
from lastwish.errors import AwsError, NoSuchOperator

GROUP = "operators"
PRESENTER = "presenter"
# A person may read it from one screen and type it at another.
_LOOK_ALIKE = "0O1lI"
_CHARACTERS = [each for each in string.ascii_letters + string.digits if each not in _LOOK_ALIKE]


@dataclass(frozen=True)
class Operator:
    """An account: name and password."""

    username: str
    password: str = field(repr=False)


class Operators:
    """Accounts in a stack's user pool. Every method raises AwsError."""

    def __init__(self, cognito: Any, outputs: dict[str, str]) -> None:
        if "UserPoolId" not in outputs:
            raise AwsError("the stack has no output UserPoolId: deploy the template of this version first")
        self._cognito = cognito
        self._pool = outputs["UserPoolId"]

    def add(self, username: str, known: str = "") -> tuple[Operator, bool]:
        """Create an account, or give it a new password; complete a half-made one. Return it, and whether it is new.

        The password is random unless a `known` one is given.
        """
        operator, new = Operator(username, known or password()), True
        who = {"UserPoolId": self._pool, "Username": username}
        with plain_errors():
            try:
                # Without an invitation: there is no address to send one to.
                self._cognito.admin_create_user(**who, TemporaryPassword=operator.password, MessageAction="SUPPRESS")
            except self._cognito.exceptions.UsernameExistsException:
                new = False
            self._cognito.admin_set_user_password(**who, Password=operator.password, Permanent=True)
            self._cognito.admin_add_user_to_group(**who, GroupName=GROUP)
        return operator, new

    def remove(self, username: str) -> None:
        """Remove an account. Its tokens stay valid until they expire. Raises NoSuchOperator."""
        with plain_errors():
            try:
                self._cognito.admin_delete_user(UserPoolId=self._pool, Username=username)
            except self._cognito.exceptions.UserNotFoundException:
                raise NoSuchOperator(f"there is no operator {username}") from None

    def names(self) -> list[str]:
        """Return all names, sorted."""
        with plain_errors():
            return sorted(self._names())

    def _names(self) -> Iterator[str]:
        pages = self._cognito.get_paginator("list_users_in_group").paginate(UserPoolId=self._pool, GroupName=GROUP)
        for page in pages:
            for user in page["Users"]:
                yield user["Username"]


def password() -> str:
    """Return a random password: 4 groups of 4 with a small and a capital letter and a digit, about 93 bits.

    The dash is a symbol to Cognito, so no policy on kinds of characters refuses it.
    """
    while True:
        groups = ["".join(secrets.choice(_CHARACTERS) for _ in range(4)) for _ in range(4)]
        found = "-".join(groups)
        if all(any(test(each) for each in found) for test in (str.islower, str.isupper, str.isdigit)):
            return found
