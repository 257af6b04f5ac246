"""Faults and a pace of alarms that live only as long as this process: each is injected for seconds and renewed.

A drill that is killed leaves nothing to undo: what it injected is over LIFE seconds later.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Event, Thread

from lastwish.aws.clients import Endpoint
from lastwish.errors import EngineFailed
from lastwish.local import faults, interrupts
from lastwish.local.engine import pace
from lastwish.local.engine.process import own_call
from lastwish.local.faults import Fault

LIFE = 20.0  # seconds
RENEWED = 5.0  # seconds between two renewals


@contextmanager
def kept_faults(engine: Endpoint, wanted: Iterable[Fault]) -> Iterator[None]:
    """Hold these faults while the block runs. Their own ``seconds`` do not count. Raises EngineFailed."""
    ids: list[str] = []

    def begin() -> None:
        for fault in wanted:
            ids.append(faults.inject(engine, replace(fault, seconds=LIFE)).id)

    def renew() -> None:
        for each in ids:
            faults.renew(engine, each, LIFE)

    def end() -> None:
        for each in ids:
            faults.end(engine, each)

    with _renewed(begin, renew, end):
        yield


@contextmanager
def kept_pace(engine: Endpoint, times: float) -> Iterator[None]:
    """Let alarms run so many times faster while the block runs. Raises EngineFailed."""

    def hold(times: float, seconds: float) -> None:
        own_call(engine, "PUT", pace.PATH, json={"times": times, "seconds": seconds})

    def hurry() -> None:
        hold(times, LIFE)

    with _renewed(hurry, hurry, lambda: hold(1, 0)):
        yield


@contextmanager
def _renewed(begin: Callable[[], None], renew: Callable[[], None], end: Callable[[], None]) -> Iterator[None]:
    over = Event()

    def keep() -> None:
        while not over.wait(RENEWED):
            with suppress(EngineFailed):  # it may be busy, or start again: the next round tries again
                renew()

    keeper = Thread(target=keep, daemon=True, name="keeper")
    try:
        begin()
        keeper.start()
        yield
    finally:
        with interrupts.ignored():
            over.set()
            if keeper.ident:
                keeper.join()
            with suppress(EngineFailed):  # one that does not answer has forgotten it, or does so in seconds
                end()
