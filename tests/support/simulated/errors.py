"""Errors as AWS answers them, and as botocore raises them."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError


class Refused(Exception):  # noqa: N818
    """An operation was refused. ``more`` stands beside ``Error`` in the answer."""

    def __init__(self, code: str, message: str = "", **more: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.more = code, message, more


class ConditionalCheckFailedException(ClientError):  # noqa: N818
    """A class of its own, as ``client.exceptions`` has it."""


def client_error(refused: Refused, operation: str) -> ClientError:
    """Return what botocore raises for it."""
    kind = ConditionalCheckFailedException if refused.code == "ConditionalCheckFailedException" else ClientError
    answer: Mapping[str, Any] = {"Error": {"Code": refused.code, "Message": refused.message}, **refused.more}
    return kind(answer, operation)  # type: ignore[arg-type]


def invalid(message: str) -> Refused:
    """Return the refusal of a request that is wrong in itself."""
    return Refused("ValidationException", message)
