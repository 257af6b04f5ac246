"""Lock an account for a while after wrong passwords, as Amazon Cognito does. MiniStack lets everybody try without end.

Source of the rule: "Lockout behavior for failed sign-in attempts" in Cognito's developer guide. It does not say what
happens to names without an account; here they are locked as well, so that a lock tells nobody which names exist.
"""

import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from lastwish.local.engine import patch

FREE = 5  # wrong passwords; the last of them locks for a second, and each further one for twice as long
LONGEST = 15 * 60.0  # seconds of a lock; after as long without any attempt all is forgotten
_PASSWORD_FLOWS = ("USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
_WRONG = b"Incorrect username or password"


def install() -> None:
    """Correct `ministack.services.cognito`. Raises EngineChanged."""
    cognito = patch.ministack_module("services.cognito")
    patch.require(cognito, "error_response_json")
    patch.replace(cognito, "_run_idp_handler", _locking(cognito))


def _locking(cognito: Any) -> Any:
    """Return MiniStack's call of a user pool's operation, which a locked account does not reach."""
    run = cognito._run_idp_handler
    attempts = Attempts()

    def run_idp_handler(handler: Any, action: str, data: Any) -> Any:
        if data.get("AuthFlow") not in _PASSWORD_FLOWS:
            return run(handler, action, data)
        account = (data.get("ClientId"), data.get("AuthParameters", {}).get("USERNAME"))
        if attempts.is_locked(account, time.monotonic()):
            return cognito.error_response_json("NotAuthorizedException", "Password attempts exceeded")
        answer = run(handler, action, data)
        status, _, body = answer
        if status == 200:
            attempts.forget(account)
        elif _WRONG in body:
            attempts.count_failure(account, time.monotonic())
        return answer

    return run_idp_handler


@dataclass(slots=True)
class _Failures:
    number: int
    last_attempt: float
    locked_until: float


class Attempts:
    """Counts wrong passwords by account. Times are in seconds of any clock that only goes forward."""

    def __init__(self) -> None:
        self._failures: dict[Hashable, _Failures] = {}

    def is_locked(self, account: Hashable, now: float) -> bool:
        """Return whether a lock holds, and note the attempt: who keeps trying is not forgotten."""
        self._failures = {key: each for key, each in self._failures.items() if now - each.last_attempt < LONGEST}
        if failures := self._failures.get(account):
            failures.last_attempt = now
            return now < failures.locked_until
        return False

    def count_failure(self, account: Hashable, now: float) -> None:
        """Count a wrong password; from the fifth on it locks the account."""
        failures = self._failures.setdefault(account, _Failures(0, now, 0.0))
        failures.number += 1
        if failures.number >= FREE:
            failures.locked_until = now + min(LONGEST, 2.0 ** (failures.number - FREE))

    def forget(self, account: Hashable) -> None:
        """Forget the failures of an account whose password was right."""
        self._failures.pop(account, None)
