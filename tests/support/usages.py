"""What a stack may have used, made up: for the bill, the rules and how they are shown."""

from typing import Any

from lastwish.observe.usage import Function, Usage

WISHES = 1000


def function(service: str = "worker", invocations: int = 100, **more: Any) -> Function:
    """A function that ran for ten seconds in all."""
    known = {"memory_mb": 512, "architecture": "arm64", "seconds": 10.0} | more
    return Function(service=service, invocations=invocations, **known)


def usage(*functions: Function, busy_s: int = 300, behind_cdn: bool = False, **used: float | None) -> Usage:
    known: dict[str, float | None] = {"accepted": WISHES, "requests": 7 * WISHES}
    return Usage(known | used, list(functions), busy_s, behind_cdn)
