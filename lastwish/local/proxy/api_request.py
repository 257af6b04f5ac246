"""One request at the API, as the proxy tells the agent: what API Gateway would measure and trace by itself.

It travels as one datagram, a header line and a JSON object, and nobody waits for it: without an agent it is lost.
"""

import json
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

HEADER = b'{"format":"lastwish-api-request","version":1}'


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """`resource` is the route as the template says it, e.g. `/wishes/{wish_id}`; None: there is no such route.

    `start` is in seconds of the epoch, `duration` in seconds. `trace_id` and `segment_id` are X-Ray's.
    """

    method: str
    resource: str | None
    status: int
    start: float
    duration: float
    trace_id: str
    segment_id: str

    def datagram(self) -> bytes:
        """As it travels."""
        return HEADER + b"\n" + json.dumps(asdict(self)).encode()


def read(body: bytes) -> ApiRequest:
    """From what follows the header line. Raises ValueError or TypeError."""
    return ApiRequest(**json.loads(body))


class Visit:
    """A request from its beginning on, with the trace that begins with it."""

    def __init__(self, method: str, resource: str | None) -> None:
        self._method, self._resource = method, resource
        self._start, self._clock = time.time(), time.perf_counter()
        self._segment_id = secrets.token_hex(8)
        self.trace_id = f"1-{int(self._start):08x}-{secrets.token_hex(12)}"

    @property
    def header(self) -> bytes:
        """X-Amzn-Trace-Id as API Gateway hands it on: what follows has its segment as parent."""
        return f"Root={self.trace_id};Parent={self._segment_id};Sampled=1".encode()

    def ended(self, status: int) -> ApiRequest:
        """What there is to tell about it."""
        took = time.perf_counter() - self._clock
        return ApiRequest(
            self._method, self._resource, status, self._start, took, self.trace_id, self._segment_id
        )  # fmt: skip


class Teller:
    """Tells the agent at this UDP address (host, port). It never waits and never fails."""

    def __init__(self, agent: tuple[str, int]) -> None:
        self._agent = agent
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def tell(self, request: ApiRequest) -> None:
        """Send it, if that can be done at once."""
        with suppress(OSError):
            self._socket.sendto(request.datagram(), self._agent)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
