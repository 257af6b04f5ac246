"""Decide what Ctrl-C, SIGTERM and a closed terminal do: interrupt at once, at the end of a block, or not at all."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from lastwish.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def interruptible() -> AbstractContextManager[None]:
    """Raise KeyboardInterrupt for each of the three signals."""
    return _handled_by(_interrupt)


@contextmanager
def ending(words: str) -> Iterator[None]:
    """Let the three signals end the block. Raises Interrupted with these words then, once all in it is undone."""
    try:
        with interruptible():
            yield
    except KeyboardInterrupt:
        raise Interrupted(words) from None


def ignored() -> AbstractContextManager[None]:
    """Ignore the signals during a clean-up, which is bounded in time."""
    return _handled_by(signal.SIG_IGN)


@contextmanager
def deferred() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end of the block, so that no process is started without being recorded."""
    received: list[int] = []
    with _handled_by(lambda number, _frame: received.append(number)):
        yield
    if received:
        raise KeyboardInterrupt


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    former = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler_before in former.items():
            signal.signal(number, handler_before)
