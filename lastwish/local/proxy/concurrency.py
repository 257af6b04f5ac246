"""Limit how many requests the engine answers at once: each one more costs it another interpreter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TRACE_LIMIT = 2


class Overloaded(Exception):  # noqa: N818 - named for what happened
    """Too many requests wait already, or this one waited too long."""


class ConcurrencyLimit:
    """At most `limit` requests at once and at most `queue` waiting, none of them longer than `timeout` seconds."""

    def __init__(self, limit: int = 8, queue: int = 1000, timeout: float = 10.0) -> None:
        self._semaphore = asyncio.Semaphore(limit)
        self._queue = queue
        self._timeout = timeout
        self._waiting = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot, first come first served, and hold it. Raises Overloaded."""
        await self._acquire()
        try:
            yield
        finally:
            self._semaphore.release()

    async def _acquire(self) -> None:
        if self._semaphore.locked() and self._waiting >= self._queue:
            raise Overloaded
        self._waiting += 1
        try:
            async with asyncio.timeout(self._timeout):
                await self._semaphore.acquire()
        except TimeoutError:
            raise Overloaded from None
        finally:
            self._waiting -= 1


class RouteLimits:
    """Gives each route its limit. Traces have a small one of their own: no wish may wait for X-Ray."""

    def __init__(self, general: ConcurrencyLimit, traces: ConcurrencyLimit | None = None) -> None:
        self._general = general
        self._traces = traces or ConcurrencyLimit(TRACE_LIMIT)

    def of(self, route: str) -> ConcurrencyLimit:
        """Return the limit of a route as the template has it."""
        return self._traces if route.endswith("/trace") else self._general
