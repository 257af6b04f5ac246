"""Limit on the requests that the engine answers at once."""

import asyncio

import pytest

from lastwish.local.proxy.concurrency import ConcurrencyLimit, Overloaded, RouteLimits


def test_no_more_than_the_limit_are_answered_at_once() -> None:
    async def crowd() -> int:
        limit, inside, most = ConcurrencyLimit(limit=3), 0, 0

        async def one() -> None:
            nonlocal inside, most
            async with limit.slot():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(one() for _ in range(50)))
        return most

    assert asyncio.run(crowd()) == 3


def test_a_request_that_waits_too_long_is_refused() -> None:
    async def waiting() -> None:
        limit = ConcurrencyLimit(limit=1, timeout=0.01)
        async with limit.slot(), limit.slot():
            pass

    with pytest.raises(Overloaded):
        asyncio.run(waiting())


def test_one_too_many_waiting_is_refused_at_once() -> None:
    async def waiting() -> None:
        limit = ConcurrencyLimit(limit=1, queue=0, timeout=3600)
        async with limit.slot(), limit.slot():
            pass

    with pytest.raises(Overloaded):
        asyncio.run(waiting())


def test_a_slot_is_free_again_after_a_failure() -> None:
    async def failing() -> bool:
        limit = ConcurrencyLimit(limit=1, timeout=0.01)
        with pytest.raises(RuntimeError):
            async with limit.slot():
                raise RuntimeError
        async with limit.slot():
            return True

    assert asyncio.run(failing())


@pytest.mark.parametrize("route", ["/wishes", "/wishes/{wish_id}", "/", "/traces", "/trace/{id}"])
def test_only_traces_have_a_limit_of_their_own(route: str) -> None:
    general, traces = ConcurrencyLimit(), ConcurrencyLimit()
    limits = RouteLimits(general, traces)

    assert limits.of(route) is general
    assert limits.of("/wishes/{wish_id}/trace") is traces
