"""Run checks one after the other. Each says what it found, or raises NotReady with what to do."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from lastwish.errors import CommandError, NotReady

_REFUSED = ("AccessDenied", "UnauthorizedOperation", "Unrecognized", "ExpiredToken", "InvalidClientTokenId")

# Each has a check of its own, before all that need them.
_MISSING: dict[type, str] = {NoRegionError: "region", NoCredentialsError: "credentials"}

type Checks = Mapping[str, Callable[[], str]]


@dataclass(frozen=True)
class Check:
    """Result of one check. ``advice`` is what was found, and where it is not ``ok``, what to do."""

    name: str
    ok: bool
    advice: str

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return asdict(self)


def run(checks: Checks) -> list[Check]:
    """Return the result of each check, in order. What cannot be checked is not ok, and stops no other check."""
    return [_result(name, check) for name, check in checks.items()]


def _result(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except NotReady as problem:
        return Check(name, False, str(problem))
    except ClientError as error:
        if error.response["Error"]["Code"].startswith(_REFUSED):
            refused = (
                f"AWS refuses {error.operation_name} to these credentials: sign in again, or ask for the right to it"
            )
            return Check(name, False, f"not checked: {refused}")
        return Check(name, False, f"not checked: {error}")
    except (BotoCoreError, CommandError) as error:
        missing = _MISSING.get(type(error.__cause__ or error))
        return Check(name, False, f"not checked: {f'no {missing}, see above' if missing else error}")
