"""Inject faults in front of the engine, list and end them (docs/faults.md).

Each ends by itself: no process has to live for that. An engine that starts again has none.
"""

from dataclasses import asdict

from pydantic import TypeAdapter

from lastwish.aws.clients import Endpoint
from lastwish.local.engine.fault import PATH, Active, Fault
from lastwish.local.engine.process import own_call

__all__ = ["Active", "Fault", "active", "end", "inject", "renew"]

_ACTIVE, _LIST = TypeAdapter(Active), TypeAdapter(list[Active])


def inject(aws: Endpoint, fault: Fault) -> Active:
    """Begin a fault. Raises EngineFailed."""
    return _ACTIVE.validate_python(own_call(aws, "POST", PATH, json=asdict(fault)))


def renew(aws: Endpoint, id: str, seconds: float) -> Active:  # noqa: A002
    """Let a fault live so long from now on. Raises EngineFailed, also where it is over."""
    return _ACTIVE.validate_python(own_call(aws, "PUT", f"{PATH}/{id}", json={"seconds": seconds}))


def active(aws: Endpoint) -> list[Active]:
    """Return the faults that the engine has, the oldest first. Raises EngineFailed."""
    return _LIST.validate_python(own_call(aws, "GET", PATH))


def end(aws: Endpoint, id: str | None = None) -> int:  # noqa: A002 - as it is called everywhere else
    """End one fault, or all. Returns how many; one that is over counts as none. Raises EngineFailed."""
    return int(own_call(aws, "DELETE", f"{PATH}/{id}" if id else PATH)["ended"])
