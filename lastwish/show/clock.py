"""Time of a show: how long this cue lasts and how much is left of the whole. It can be stopped."""

import time
from collections.abc import Callable

from lastwish.show.sheet import Show


class Clock:
    """Counts down the minutes of a sheet, ``speed`` times as fast as a real clock. Times are in the show's seconds.

    `now` gives seconds that only grow.
    """

    def __init__(self, show: Show, speed: float = 1, now: Callable[[], float] = time.monotonic) -> None:
        self._show, self._speed, self._now = show, speed, now
        self._cue = 0
        self._began = now()
        self._paused_at: float | None = None

    @property
    def is_paused(self) -> bool:
        """Return whether the time stands still."""
        return self._paused_at is not None

    def begin(self, cue: int) -> None:
        """Begin the cue of this number. The time runs again."""
        self._cue, self._began, self._paused_at = cue, self._now(), None

    def toggle(self) -> None:
        """Stop the time, or let it go on."""
        if self._paused_at is None:
            self._paused_at = self._now()
        else:
            self._began += self._now() - self._paused_at
            self._paused_at = None

    @property
    def left(self) -> float:
        """Seconds that are left of this cue; below 0 it is late."""
        now = self._now() if self._paused_at is None else self._paused_at
        return 60 * self._show.cues[self._cue].minutes - (now - self._began) * self._speed

    @property
    def left_of_show(self) -> float:
        """Seconds that are left of the show if each later cue takes its time."""
        return self.left + 60 * sum(cue.minutes for cue in self._show.cues[self._cue + 1 :])


def minutes(seconds: float) -> str:
    """Return seconds as minutes and seconds: 1:05, or -0:12."""
    whole = abs(round(seconds))
    return f"{'-' * (round(seconds) < 0)}{whole // 60}:{whole % 60:02}"
