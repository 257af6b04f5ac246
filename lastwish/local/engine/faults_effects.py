"""What each kind of fault does to one AWS call."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import psutil

from lastwish.local.engine.calls import Answer, Call, Proceed
from lastwish.local.engine.fault import Fault
from lastwish.local.engine.faults_answers import REFUSED, refusal
from lastwish.local.engine.faults_bodies import BATCHES, ahead, partly, sends

_PATIENCE = 30.0  # seconds; no function of ours waits so long
# One byte is announced and none sent: botocore raises ConnectionClosedError, which it tries again.
NO_ANSWER = Answer(200, [(b"content-length", b"1")], cut_off=True)


class Run(Protocol):
    """What an effect needs of a running fault."""

    fault: Fault
    chance: random.Random

    def waits(self, seconds: float) -> Iterator[float]:
        """Yield seconds to sleep until so many are over, or the fault is."""


def can_hit(fault: Fault, call: Call) -> bool:
    """Return whether this kind of fault can be done to this call."""
    match fault.kind:
        case "refuse" if fault.error == "sold_out":
            return call.operation == "UpdateItem" and b"_last" in call.body
        case "refuse":
            return call.service in REFUSED
        case "partial":
            return (call.service, call.operation) in BATCHES and call.body.startswith(b"{")
        case "skew_clock":
            return sends(call)
        case "kill_before" | "kill_after":
            return call.caller != "proxy"
    return True


async def _wait(run: Run, seconds: float) -> None:
    for seconds_of_sleep in run.waits(seconds):
        await asyncio.sleep(seconds_of_sleep)


async def _delay(run: Run, proceed: Proceed, call: Call) -> Answer:
    await _wait(run, run.fault.delay_ms / 1000)
    return await proceed(call)


async def _refuse(run: Run, _proceed: Proceed, call: Call) -> Answer:
    return refusal(call, run.fault.error)


async def _time_out(run: Run, _proceed: Proceed, _call: Call) -> Answer:
    """Hold the call until its caller has given up; it never arrives."""
    await _wait(run, run.fault.delay_ms / 1000 or _PATIENCE)
    return NO_ANSWER


async def _lose_answer(_run: Run, proceed: Proceed, call: Call) -> Answer:
    await proceed(call)
    return NO_ANSWER


async def _partial(run: Run, proceed: Proceed, call: Call) -> Answer:
    return await partly(call, proceed, run.chance)


async def _twice(_run: Run, proceed: Proceed, call: Call) -> Answer:
    """Do the call twice, as when the first answer was lost on the way and the SDK tried again."""
    await proceed(call)
    return await proceed(call)


async def _kill_before(_run: Run, proceed: Proceed, call: Call) -> Answer:
    return NO_ANSWER if await asyncio.to_thread(kill_caller, call.client[1]) else await proceed(call)


async def _kill_after(_run: Run, proceed: Proceed, call: Call) -> Answer:
    answer = await proceed(call)
    return NO_ANSWER if await asyncio.to_thread(kill_caller, call.client[1]) else answer


async def _skew_clock(run: Run, proceed: Proceed, call: Call) -> Answer:
    return await proceed(replace(call, body=ahead(call.body, str(run.fault.caller), run.fault.delay_ms)))


def kill_caller(port: int) -> bool:
    """Kill the function whose connection has this port at its end. Returns whether there was one.

    Only processes below the engine's are looked at: no other one can be hit.
    """
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it ended meanwhile
            if any(each.laddr and each.laddr.port == port for each in process.net_connections("tcp")):
                process.kill()
                return True
    return False


type Effect = Callable[[Run, Proceed, Call], Awaitable[Answer]]
EFFECTS: dict[str, Effect] = {
    "delay": _delay,
    "refuse": _refuse,
    "timeout": _time_out,
    "lose_answer": _lose_answer,
    "partial": _partial,
    "twice": _twice,
    "kill_before": _kill_before,
    "kill_after": _kill_after,
    "skew_clock": _skew_clock,
}
