"""What became of the wishes after the 202: asks for a sample of them, gently, until each has ended.

The end has the time that stands in the wish's history, so it does not matter how late we ask. That is the stack's
clock, and the intended send is of ours: on a laptop the same clock, against AWS as good as both are set.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any

import httpx

from lastwish.client import WORTH_A_RETRY, retry_after
from lastwish.load.draws import Draws
from lastwish.load.plan import EXPECTED, Planned
from lastwish.load.run import Followed

MOST = 300
PACE = 0.1  # seconds between two requests: ten a second at most
BRISK = 0.02  # the same once nothing is on its way any more
_CLOCKS = 1.0  # seconds that the stack's clock may be behind ours
_LAST = 10.0  # seconds for the request that is under way at the end
FIRST_LOOK, LONGEST_PAUSE = 1.0, 8.0
ENDS = {f"lastwish.wish.{end}": end for end in ("boarded", "waitlisted", "rejected")}


def chosen(requests: Sequence[Planned], seed: int) -> dict[int, float]:
    """Number and intended send of those to follow: all that should be accepted, or MOST of them over the whole run."""
    able = [each for each in requests if each.kind != "duplicate" and 202 in EXPECTED[each.kind]]
    draws = Draws(seed, "follow")
    count = min(MOST, len(able))
    edges = [index * len(able) // count for index in range(count + 1)] if count else [0]
    picked = [able[low + draws.below(high - low)] for low, high in pairwise(edges)]
    return {each.number: each.at for each in picked}


class Follower:
    """Follows wishes of one run in a thread of its own. ``wanted``: number and intended send."""

    def __init__(self, http: httpx.Client, wanted: Mapping[int, float]) -> None:
        self.found: dict[int, Followed] = {}
        self._http, self._wanted, self._zero = http, wanted, 0.0
        self._due: list[tuple[float, int, str, float]] = []  # when, which, its id, the pause after the look
        self._accepted: set[int] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._pace = PACE
        self._thread = threading.Thread(target=self._run, daemon=True, name="following")

    def start(self, zero: float) -> None:
        """Follow what is `accepted` from now on. ``zero``: the run's begin in seconds of the epoch."""
        self._zero = zero
        self._thread.start()

    def accepted(self, number: int, wish_id: str) -> None:
        """It was answered 202. Those that are not wanted, or known already, change nothing."""
        if number in self._wanted and number not in self._accepted:
            self._accepted.add(number)
            with self._lock:
                heappush(self._due, (time.monotonic() + FIRST_LOOK, number, wish_id, FIRST_LOOK))

    def hurry(self) -> None:
        """The chain is at rest: whoever has ended can be asked for at once."""
        if self._pace == PACE:
            self._pace = BRISK
            with self._lock:
                self._due = sorted((0.0, number, wish_id, FIRST_LOOK) for _, number, wish_id, _ in self._due)

    @property
    def open(self) -> int:
        """How many were accepted and have not been seen to end."""
        return self.asked_for - len(self.found)

    @property
    def asked_for(self) -> int:
        """How many were accepted, and are asked for."""
        return len(self._accepted)

    def finish(self) -> dict[int, Followed]:
        """Ask no more. What has not ended by now is unfinished."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(_LAST)  # a server that never ends its answer does not keep us
        return {number: self.found.get(number, Followed("unfinished")) for number in sorted(self._accepted)}

    def _run(self) -> None:
        rest = self._pace
        while not self._over.wait(rest):
            rest = self.look()

    def look(self) -> float:
        """Ask for one wish, if one is due. Seconds until the next request may be made."""
        with self._lock:
            if not self._due or self._due[0][0] > time.monotonic():
                return self._pace
            _, number, wish_id, pause = heappop(self._due)
        rest = self._pace
        try:
            answer = self._http.get(f"wishes/{wish_id}")
            if answer.status_code in WORTH_A_RETRY:
                rest = max(self._pace, retry_after(answer))
            elif answer.status_code == 200 and (ended := self._end(number, answer.json())):
                self.found[number] = ended
                return rest
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):  # no answer, or none of a wish
            rest = FIRST_LOOK
        with self._lock:
            heappush(self._due, (time.monotonic() + pause, number, wish_id, min(LONGEST_PAUSE, 2 * pause)))
        return rest

    def _end(self, number: int, wish: dict[str, Any]) -> Followed | None:
        for event in wish.get("history", []):
            if end := next((end for name, end in ENDS.items() if str(event["type"]).startswith(name)), None):
                took = datetime.fromisoformat(event["time"]).timestamp() - self._zero - self._wanted[number]
                # Before it was sent: a wish of an earlier run with the same seed, whose time says nothing.
                return Followed(end, None if took < -_CLOCKS else round(1000 * max(0.0, took), 1))
        return None
