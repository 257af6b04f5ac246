"""What each kind of fault does to one AWS call."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from lastwish.local.engine.calls import Answer, Call, Proceed
from lastwish.local.engine.fault import Fault
from lastwish.local.engine.faults_answers import REFUSED, refusal

_PATIENCE = 30.0  # seconds; no function of ours waits so long
# One byte is announced and none sent: botocore raises ConnectionClosedError, which it tries again.
NO_ANSWER = Answer(200, [(b"content-length", b"1")], cut_off=True)


class Run(Protocol):
    """What an effect needs of a running fault."""

    fault: Fault

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until the fault is over."""


def can_hit(fault: Fault, call: Call) -> bool:
    """Return whether this kind of fault can be done to this call."""
    return fault.kind != "refuse" or call.service in REFUSED


async def _delay(run: Run, proceed: Proceed, call: Call) -> Answer:
    await run.wait(run.fault.delay_ms / 1000)
    return await proceed(call)


async def _refuse(run: Run, _proceed: Proceed, call: Call) -> Answer:
    return refusal(call, run.fault.error)


type Effect = Callable[[Run, Proceed, Call], Awaitable[Answer]]
EFFECTS: dict[str, Effect] = {"delay": _delay, "refuse": _refuse}
