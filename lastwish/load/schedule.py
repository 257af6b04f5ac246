"""Schedule of the sender: planned wishes at their times, and refused ones at the time of their next try.

An open loop with a bound on requests in flight: a free user takes what is due first, and where all users are busy a
wish is taken late. A wish that waits for its next try keeps no user busy. Greenlets share the schedule; nothing here
needs a patched standard library.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush

from gevent.event import Event
from gevent.lock import BoundedSemaphore

from lastwish.load.plan import PlannedRequest

# Goes on while a laptop sleeps, where there is such a clock.
_clock = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(slots=True)
class PendingWish:
    """A wish that was sent at least once. Times are seconds since the load began."""

    request: PlannedRequest
    sent: float
    tries: int = 0
    first_done: float | None = None
    again_for: list[str] = field(default_factory=list)
    status: int = 0
    wish_id: str | None = None
    error: str | None = None


class Schedule:
    """All wishes of a load; those not yet due are not read yet. ``begin`` is the zero of all times."""

    def __init__(self, requests: Iterable[PlannedRequest]) -> None:
        self.over = Event()
        self.closed = False
        self._requests = iter(requests)
        self._next = next(self._requests, None)
        self._retries: list[tuple[float, int, PendingWish]] = []
        self._pending: dict[int, PendingWish] = {}
        self._in_flight = 0
        self._zero = 0.0
        self._begun, self._changed = Event(), Event()
        self._turn = BoundedSemaphore()

    def begin(self) -> None:
        """Start the clock."""
        self._zero = _clock()
        self._begun.set()

    def now(self) -> float:
        """Return the seconds since `begin`."""
        return _clock() - self._zero

    def take(self) -> PendingWish | None:
        """Wait for the next wish to be due; None when there is no more. It is in flight until `retry` or `finish`."""
        self._begun.wait()
        with self._turn:  # one waits for the time, all others for their turn
            while (wait := self._wait()) is not None:
                if wait <= 0:
                    return self._pop()
                self._changed.clear()
                self._changed.wait(None if wait == float("inf") else wait)
        return None

    def retry(self, wish: PendingWish, pause: float) -> None:
        """Send a wish that was refused for now once more, after a pause in seconds."""
        self._in_flight -= 1
        heappush(self._retries, (self.now() + pause, wish.request.number, wish))
        self._change()

    def finish(self, wish: PendingWish) -> None:
        """Forget a wish that has its answer, or was given up."""
        self._in_flight -= 1
        del self._pending[wish.request.number]
        self._change()

    def close(self) -> None:
        """Send nothing more."""
        self.closed = True
        self._begun.set()
        self._change()

    def unfinished(self) -> list[PendingWish]:
        """Return what was sent and has no final answer, in the order of the plan."""
        return [self._pending[number] for number in sorted(self._pending)]

    def _change(self) -> None:
        self._changed.set()
        if not self._in_flight and self._wait() is None:
            self.over.set()

    def _wait(self) -> float | None:
        """Return the seconds until a wish is due; infinity where only one in flight can follow; None at the end."""
        if self.closed:
            return None
        times = [self._retries[0][0]] if self._retries else []
        times += [self._next.at] if self._next else []
        if times:
            return min(times) - self.now()
        return float("inf") if self._in_flight else None

    def _pop(self) -> PendingWish:
        request, self._in_flight = self._next, self._in_flight + 1
        if request and not (self._retries and self._retries[0][0] < request.at):
            self._next = next(self._requests, None)
            wish = PendingWish(request, self.now())
            self._pending[request.number] = wish
        else:
            _, _, wish = heappop(self._retries)
        wish.tries += 1
        return wish
