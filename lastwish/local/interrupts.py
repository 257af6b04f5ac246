"""Ctrl-C, SIGTERM and a closed terminal: when they may interrupt, when they wait, when they are too late."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

_WHICH = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def interruptible() -> AbstractContextManager[None]:
    """All three raise KeyboardInterrupt."""
    return _handled_by(_interrupt)


def ignored() -> AbstractContextManager[None]:
    """None of them stops a clean-up, which is bounded in time."""
    return _handled_by(signal.SIG_IGN)


@contextmanager
def deferred() -> Iterator[None]:
    """They wait for the end of the block, so that no process is started without being noted."""
    came: list[int] = []
    with _handled_by(lambda number, _frame: came.append(number)):
        yield
    if came:
        raise KeyboardInterrupt


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    before = {each: signal.signal(each, handler) for each in _WHICH}
    try:
        yield
    finally:
        for each, former in before.items():
            signal.signal(each, former)
