"""The bound on how many stand in the engine."""

import asyncio

import pytest

from lastwish.local.proxy.gate import Gate, GateFull, Gates


def test_no_more_than_the_places_are_inside_at_once() -> None:
    async def crowd() -> int:
        gate, inside, most = Gate(places=3), 0, 0

        async def one() -> None:
            nonlocal inside, most
            async with gate.enter():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(one() for _ in range(50)))
        return most

    assert asyncio.run(crowd()) == 3


def test_who_waits_too_long_is_sent_away() -> None:
    async def waiting() -> None:
        gate = Gate(places=1, patience=0.01)
        async with gate.enter(), gate.enter():
            pass

    with pytest.raises(GateFull):
        asyncio.run(waiting())


def test_one_too_many_in_front_is_sent_away_at_once() -> None:
    async def waiting() -> None:
        gate = Gate(places=1, waiting=0, patience=3600)
        async with gate.enter(), gate.enter():
            pass

    with pytest.raises(GateFull):
        asyncio.run(waiting())


def test_a_place_is_free_again_after_a_failure() -> None:
    async def failing() -> bool:
        gate = Gate(places=1, patience=0.01)
        with pytest.raises(RuntimeError):
            async with gate.enter():
                raise RuntimeError
        async with gate.enter():
            return True

    assert asyncio.run(failing())


@pytest.mark.parametrize("route", ["/wishes", "/wishes/{wish_id}", "/", "/traces", "/trace/{id}"])
def test_only_traces_have_a_gate_of_their_own(route: str) -> None:
    gate, traces = Gate(), Gate()
    gates = Gates(gate, traces)

    assert gates.of(route) is gate
    assert gates.of("/wishes/{wish_id}/trace") is traces
