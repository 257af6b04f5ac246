"""Ask what became of the wishes after their 202: of a sample of them, gently, until each has ended.

The end has the time that stands in the wish's history, so it does not matter how late we ask. That time is of the
stack's clock, and the intended send of ours: one clock on a laptop; against AWS the two may differ.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any

import httpx

from lastwish.client import WORTH_A_RETRY
from lastwish.load.plan import EXPECTED, PlannedRequest
from lastwish.load.results import Outcome
from lastwish.load.seeded import SeededRandom
from lastwish.polling import retry_after

MOST = 300
INTERVAL = 0.1  # seconds between two requests: ten a second at most
FAST_INTERVAL = 0.02  # the same once the queues are empty
_CLOCK_DIFFERENCE = 1.0  # seconds that the stack's clock may be behind ours
_LAST_REQUEST = 10.0  # seconds for the request that is under way at the end
FIRST_WISH_PAUSE, LONGEST_WISH_PAUSE = 1.0, 8.0  # between two requests for the same wish
ENDS = {f"lastwish.wish.{end}": end for end in ("boarded", "waitlisted", "rejected")}


def sample_to_follow(requests: Sequence[PlannedRequest], seed: int) -> dict[int, float]:
    """Return number and intended send of all wishes that should be accepted, or of MOST of them over the whole load."""
    candidates = [request for request in requests if request.kind != "duplicate" and 202 in EXPECTED[request.kind]]
    random = SeededRandom(seed, "follow")
    count = min(MOST, len(candidates))
    edges = [index * len(candidates) // count for index in range(count + 1)] if count else [0]
    sample = [candidates[low + random.below(high - low)] for low, high in pairwise(edges)]
    return {request.number: request.at for request in sample}


class Follower:
    """Follows a sample of one load's wishes in a thread of its own. ``sample``: number and intended send."""

    def __init__(self, http: httpx.Client, sample: Mapping[int, float]) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self._http, self._sample, self._zero = http, sample, 0.0
        self._due: list[tuple[float, int, str, float]] = []  # time, number, wish id, pause after the request
        self._accepted: set[int] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._interval = INTERVAL
        self._thread = threading.Thread(target=self._run, daemon=True, name="follower")

    def start(self, zero: float) -> None:
        """Start to ask. ``zero``: begin of the load in seconds of the epoch."""
        self._zero = zero
        self._thread.start()

    def add(self, number: int, wish_id: str) -> None:
        """Follow a wish that was answered 202, if it is in the sample and not followed already."""
        if number in self._sample and number not in self._accepted:
            self._accepted.add(number)
            with self._lock:
                heappush(self._due, (time.monotonic() + FIRST_WISH_PAUSE, number, wish_id, FIRST_WISH_PAUSE))

    def speed_up(self) -> None:
        """Ask for all wishes at once: the queues are empty, so they have ended."""
        if self._interval == INTERVAL:
            self._interval = FAST_INTERVAL
            with self._lock:
                self._due = sorted((0.0, number, wish_id, FIRST_WISH_PAUSE) for _, number, wish_id, _ in self._due)

    @property
    def open_count(self) -> int:
        """Number of followed wishes that have not been seen to end."""
        return self.followed_count - len(self.outcomes)

    @property
    def followed_count(self) -> int:
        """Number of followed wishes."""
        return len(self._accepted)

    def finish(self) -> dict[int, Outcome]:
        """Stop, and return all outcomes. A wish that has not ended by now is unfinished."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_LAST_REQUEST)  # a server that never ends its answer does not keep us
        return {number: self.outcomes.get(number, Outcome("unfinished")) for number in sorted(self._accepted)}

    def _run(self) -> None:
        pause = self._interval
        while not self._stopped.wait(pause):
            pause = self.poll()

    def poll(self) -> float:
        """Ask for one wish, if one is due. Return the seconds until the next request may be made."""
        with self._lock:
            if not self._due or self._due[0][0] > time.monotonic():
                return self._interval
            _, number, wish_id, pause = heappop(self._due)
        until_next = self._interval
        try:
            answer = self._http.get(f"wishes/{wish_id}")
            if answer.status_code in WORTH_A_RETRY:
                until_next = max(self._interval, retry_after(answer.headers))
            elif answer.status_code == 200 and (outcome := self._outcome(number, answer.json())):
                self.outcomes[number] = outcome
                return until_next
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):  # no answer, or not a wish
            until_next = FIRST_WISH_PAUSE
        with self._lock:
            heappush(self._due, (time.monotonic() + pause, number, wish_id, min(LONGEST_WISH_PAUSE, 2 * pause)))
        return until_next

    def _outcome(self, number: int, wish: dict[str, Any]) -> Outcome | None:
        for event in wish.get("history", []):
            if end := next((end for name, end in ENDS.items() if str(event["type"]).startswith(name)), None):
                seconds = datetime.fromisoformat(event["time"]).timestamp() - self._zero - self._sample[number]
                # Before it was sent: a wish of an earlier load with the same seed, whose time says nothing.
                return Outcome(end, None if seconds < -_CLOCK_DIFFERENCE else round(1000 * max(0.0, seconds), 1))
        return None
