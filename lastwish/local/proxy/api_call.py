"""Report each call of the API to the agent: API Gateway would measure and trace it by itself.

A report is one datagram: a header line and a JSON object. The proxy does not wait for the agent; without one the report
is lost.
"""

import json
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

from lastwish.local.door import ARRIVAL_HEADER

PROBE = "is-this-the-proxy"  # a path that the watcher asks for every ten seconds: no call of the API, so no report


def header(key: str) -> bytes:
    """Return the header line of a report. It has the stack's key: another user of this machine makes up no calls."""
    return json.dumps({"format": "lastwish-api-call", "version": 1, "key": key}).encode()


@dataclass(frozen=True, slots=True)
class CompletedCall:
    """A call that was answered.

    `resource` is the route as the template has it, e.g. `/wishes/{wish_id}`; None where there is no such route.
    `start` is in seconds of the epoch, `duration` in seconds. `trace_id` and `segment_id` are X-Ray's.
    """

    method: str
    resource: str | None
    status: int
    start: float
    duration: float
    trace_id: str
    segment_id: str

    def datagram(self, header_line: bytes) -> bytes:
        """Return the report of this call."""
        return header_line + b"\n" + json.dumps(asdict(self)).encode()


def read(body: bytes) -> CompletedCall:
    """Read a report from what follows its header line. Raises ValueError or TypeError."""
    return CompletedCall(**json.loads(body))


class ApiCall:
    """A call while it is answered. A trace begins with it."""

    def __init__(self, method: str, resource: str | None) -> None:
        self._method, self._resource = method, resource
        self._start, self._clock = time.time(), time.perf_counter()
        self._segment_id = secrets.token_hex(8)
        self.trace_id = f"1-{int(self._start):08x}-{secrets.token_hex(12)}"

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Headers of the forwarded request: its arrival, and X-Amzn-Trace-Id with this call's segment as the parent."""
        trace = f"Root={self.trace_id};Parent={self._segment_id};Sampled=1"
        return [(b"x-amzn-trace-id", trace.encode()), (ARRIVAL_HEADER.encode(), b"%d" % (self._start * 1000))]

    def complete(self, status: int) -> CompletedCall:
        """End the call with this HTTP status."""
        duration = time.perf_counter() - self._clock
        return CompletedCall(
            self._method, self._resource, status, self._start, duration, self.trace_id, self._segment_id
        )  # fmt: skip


class Reporter:
    """Sends reports to the agent at this UDP address (host, port). It never waits and never fails."""

    def __init__(self, agent: tuple[str, int], key: str) -> None:
        self._header = header(key)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect(agent)  # or it would take datagrams from the network

    def send(self, call: CompletedCall) -> None:
        """Send a report, or drop it where that cannot be done at once."""
        with suppress(OSError):
            self._socket.send(call.datagram(self._header))
