"""Let alarms run faster for a while, at `PUT /_lastwish/pace`, so that a drill need not wait for an hour.

With a pace of 12, a period of five minutes is 25 seconds and an age of five minutes in a queue is old after 25 seconds.
Counts and shares stay: three errors are three errors. No period is shorter than ten seconds, since a laptop's metrics
come every two seconds, and later while it is busy. It ends by itself, and with the engine.
"""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/_lastwish/pace"
FASTEST, LONGEST = 60.0, 3600.0  # times; seconds
SHORTEST_PERIOD = 10.0  # seconds
_AGES = frozenset({"ApproximateAgeOfOldestMessage"})  # metrics that count seconds


class Pace:
    """How many times faster than a clock the alarms run now."""

    def __init__(self) -> None:
        self._times, self._until = 1.0, 0.0

    @property
    def times(self) -> float:
        """1 is the usual pace."""
        return self._times if time.monotonic() < self._until else 1.0

    def hold(self, times: float, seconds: float) -> None:
        """Run at this pace for so many seconds from now on. Raises ValueError."""
        if not (1 <= times <= FASTEST and 0 <= seconds <= LONGEST):
            raise ValueError(f"a pace is 1 to {FASTEST:g}, for at most {LONGEST:g} seconds")
        self._times, self._until = times, time.monotonic() + seconds

    def applied(self, alarm: dict[str, Any]) -> dict[str, Any]:
        """Return an alarm as it is evaluated at this pace; the alarm itself stays as it is."""
        times, period = self.times, alarm.get("Period", 60)
        if times == 1:
            return alarm
        ages = times if alarm.get("MetricName") in _AGES else 1.0
        shorter = min(period, max(SHORTEST_PERIOD, period / times))
        return {**alarm, "Period": shorter, "Threshold": alarm.get("Threshold", 0) / ages}

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI layer that answers PATH and passes every other request on."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or (scope["method"], scope["path"]) != ("PUT", PATH):
                await app(scope, receive, send)
                return
            try:
                asked = await Request(scope, receive).json()
                self.hold(float(asked["times"]), float(asked["seconds"]))
            except (KeyError, TypeError, ValueError) as error:
                await JSONResponse({"message": str(error)}, 400)(scope, receive, send)
            else:
                await JSONResponse({"times": self.times})(scope, receive, send)

        return answer
