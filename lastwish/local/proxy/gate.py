"""Bounds how many requests stand in the engine at once: each one more costs it an interpreter to start."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TRACE_PLACES = 2


class GateFull(Exception):  # noqa: N818 - a state of the gate
    """No place became free in time, or too many wait already."""


class Gate:
    """At most `places` inside, at most `waiting` in front, none of them longer than `patience` seconds."""

    def __init__(self, places: int = 8, waiting: int = 1000, patience: float = 10.0) -> None:
        self._places = asyncio.Semaphore(places)
        self._waiting_bound = waiting
        self._patience = patience
        self._waiting = 0

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Wait for a place, first come first served, and hold it. Raises GateFull."""
        await self._queue()
        try:
            yield
        finally:
            self._places.release()

    async def _queue(self) -> None:
        if self._places.locked() and self._waiting >= self._waiting_bound:
            raise GateFull
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            raise GateFull from None
        finally:
            self._waiting -= 1


class Gates:
    """A gate for each request: traces have a small one, since they wait for X-Ray and no wish may wait for them."""

    def __init__(self, gate: Gate, traces: Gate | None = None) -> None:
        self._gate = gate
        self._traces = traces or Gate(TRACE_PLACES)

    def of(self, route: str) -> Gate:
        """The gate of a route as the template says it."""
        return self._traces if route.endswith("/trace") else self._gate
