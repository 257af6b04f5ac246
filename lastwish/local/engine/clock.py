"""Evaluates the alarms by the clock too, so that they do not freeze when nobody brings metrics any more.

A task on the engine's own loop, where every call of CloudWatch is answered: no alarm is ever evaluated twice at once.
"""

import asyncio
import logging
from typing import Any

from lastwish.local.engine.correcting import needs, part
from lastwish.local.engine.tracing import App

log = logging.getLogger("lastwish.alarms")

INTERVAL = 5.0  # seconds


def ticking(app: App, interval: float = INTERVAL) -> App:
    """The ASGI application, which evaluates all alarms as long as it lives. Raises EngineChanged."""
    cloudwatch, scopes = part("services.cloudwatch"), part("core.responses")
    needs(cloudwatch, "_alarms", "_evaluate_all_alarms")
    needs(scopes, "request_scope", "AccountRegionScopedDict")
    needs(scopes.AccountRegionScopedDict, "_data")

    async def ticked(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        clock = asyncio.create_task(_run(cloudwatch, scopes, interval))
        try:
            await app(scope, receive, send)
        finally:
            clock.cancel()

    return ticked


async def _run(cloudwatch: Any, scopes: Any, interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        try:
            evaluate_everywhere(cloudwatch, scopes)
        except Exception:  # the next time may be better
            log.exception("the alarms cannot be evaluated")


def evaluate_everywhere(cloudwatch: Any, scopes: Any) -> None:
    """Evaluate the alarms of each account and region that has some; MiniStack shows each only its own."""
    for account, region in sorted({key[:2] for key in list(cloudwatch._alarms._data)}):
        with scopes.request_scope(account, region):
            cloudwatch._evaluate_all_alarms()
