"""What is sent next: planned wishes at their times, and what was refused for now at the time of its next try.

An open loop with a bound on requests in flight: who sends takes what is due first, and where all of them are busy it
is taken late. Who waits to be tried again keeps nobody busy. Greenlets share it; nothing here needs a patched standard
library.
"""

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush

from gevent.event import Event
from gevent.lock import BoundedSemaphore

from lastwish.load.plan import Planned

# As the form's script does it (src/web/assets/form.js), in seconds.
FIRST_PAUSE, LONGEST_PAUSE, MOST_ASKED = 1.0, 30.0, 60.0


# Goes on while a laptop sleeps, where there is such a clock.
_clock = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(slots=True)
class Underway:
    """A wish that was sent at least once. Times are seconds since the run began."""

    planned: Planned
    sent: float
    tries: int = 0
    first_done: float | None = None
    again_for: list[str] = field(default_factory=list)
    status: int = 0
    wish_id: str | None = None
    error: str | None = None

    def pause(self, asked: float) -> float:
        """Seconds until the next try: what Retry-After asked for, and full jitter on top of it."""
        bound = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self.tries - 1))
        return min(MOST_ASKED, asked) + random.uniform(0, bound)  # noqa: S311 - jitter, not a secret


class Agenda:
    """All wishes of a run, of which those not yet due are not read yet. ``begin`` is the zero of all times."""

    def __init__(self, planned: Iterable[Planned]) -> None:
        self.over = Event()
        self._planned = iter(planned)
        self._next = next(self._planned, None)
        self._again: list[tuple[float, int, Underway]] = []
        self._open: dict[int, Underway] = {}
        self._in_flight = 0
        self.closed = False
        self._zero = 0.0
        self._begun, self._changed = Event(), Event()
        self._turn = BoundedSemaphore()

    def begin(self) -> None:
        """Now."""
        self._zero = _clock()
        self._begun.set()

    def now(self) -> float:
        """Seconds since then."""
        return _clock() - self._zero

    def take(self) -> Underway | None:
        """Wait for the next to be due; None when there is none any more. It is in flight until `again` or `done`."""
        self._begun.wait()
        with self._turn:  # one waits for the time, all others for their turn
            while (wait := self._wait()) is not None:
                if wait <= 0:
                    return self._pop()
                self._changed.clear()
                self._changed.wait(None if wait == float("inf") else wait)
        return None

    def again(self, wish: Underway, pause: float) -> None:
        """It was refused for now: once more after a pause in seconds."""
        self._in_flight -= 1
        heappush(self._again, (self.now() + pause, wish.planned.number, wish))
        self._change()

    def done(self, wish: Underway) -> None:
        """It has its answer, or was given up."""
        self._in_flight -= 1
        del self._open[wish.planned.number]
        self._change()

    def close(self) -> None:
        """Nothing more is sent."""
        self.closed = True
        self._begun.set()
        self._change()

    def left(self) -> list[Underway]:
        """What was sent and has no final answer, in the order of the plan."""
        return [self._open[number] for number in sorted(self._open)]

    def _change(self) -> None:
        self._changed.set()
        if not self._in_flight and self._wait() is None:
            self.over.set()

    def _wait(self) -> float | None:
        """Seconds until something is due, infinite where only a request in flight can bring more, None at the end."""
        if self.closed:
            return None
        times = [self._again[0][0]] if self._again else []
        times += [self._next.at] if self._next else []
        if times:
            return min(times) - self.now()
        return float("inf") if self._in_flight else None

    def _pop(self) -> Underway:
        planned, self._in_flight = self._next, self._in_flight + 1
        if planned and not (self._again and self._again[0][0] < planned.at):
            self._next = next(self._planned, None)
            wish = Underway(planned, self.now())
            self._open[planned.number] = wish
        else:
            _, _, wish = heappop(self._again)
        wish.tries += 1
        return wish
