"""One listener: how many connections it may have, how long they wait for a client, what it says to what is no HTTP.

uvicorn has a deadline for the pause between two requests only. A client that sends nothing, or a byte now and then, or
does not read its answer, would keep its connection for ever. Here each wait for a client ends, and so does the number
of connections: one too many is closed at once, before it is read, and those that are open do not notice.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from lastwish.local import network
from lastwish.local.proxy.gateway import MALFORMED


@dataclass(frozen=True)
class Deadlines:
    """Seconds that a client has to send the head of a request, then its body, and to read the answer.

    A wish has at most 8 KiB: a phone keeps them on Wi-Fi that loses every packet for some seconds.
    """

    head: float = 10.0
    body: float = 20.0
    answer: float = 20.0


class Connections(ServerState):
    """Open connections of a listener: at most `most`, and at most `most_per_address` of one address."""

    def __init__(self, most: int, most_per_address: int) -> None:
        super().__init__()
        self.admitted: set[Connection] = set()
        self._most, self._most_per_address = most, most_per_address
        self._of: Counter[str] = Counter()

    def admit(self, connection: "Connection") -> bool:
        """Count a new connection. Returns false where it is one too many."""
        if len(self.admitted) >= self._most or self._of[connection.address] >= self._most_per_address:
            return False
        self.admitted.add(connection)
        self._of[connection.address] += 1
        return True

    def release(self, connection: "Connection") -> None:
        """Stop counting a connection, if it was admitted."""
        if connection in self.admitted:
            self.admitted.remove(connection)
            self._of[connection.address] -= 1
            if not self._of[connection.address]:
                del self._of[connection.address]


class Connection(H11Protocol):
    """A client's connection. Its listener calls `expire` every second."""

    server_state: Connections
    _awaited: tuple[float | None, object] = (None, None)
    _since = 0.0

    @property
    def address(self) -> str:
        """IP address of the client."""
        return self.client[0] if self.client else ""

    def connection_made(self, transport: Any) -> None:
        """Admit the connection, or close it at once."""
        super().connection_made(transport)
        if not self.server_state.admit(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another one."""
        super().connection_lost(exc)
        self.server_state.release(self)

    def expire(self, now: float, deadlines: Deadlines) -> None:
        """Close the connection if its client has let us wait too long for one thing. `now` is the event loop's time."""
        # The cycle is uvicorn's for one request: what the next request makes us wait for is another wait.
        awaited = (self._patience(deadlines), self.cycle)
        if awaited != self._awaited:
            self._awaited, self._since = awaited, now
        elif awaited[0] is not None and now - self._since > awaited[0]:
            self.transport.abort()

    def _patience(self, deadlines: Deadlines) -> float | None:
        """Return how long the client may take for its next step, None while the next step is ours."""
        if self.transport.get_write_buffer_size():
            return deadlines.answer
        # A body is awaited after its answer, too: HTTP/1.1 has no other way to the next request.
        return {h11.IDLE: deadlines.head, h11.SEND_BODY: deadlines.body}.get(self.conn.their_state)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem and close; only close where an answer has begun.

        `msg` is uvicorn's own text, which is no problem document.
        """
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            is_head = self.conn.our_state is h11.SEND_RESPONSE and self.scope["method"] == "HEAD"
            headers = [*MALFORMED.headers.items(), ("content-length", str(len(MALFORMED.body)))]
            response = h11.Response(status_code=MALFORMED.status, headers=headers, reason=b"Bad Request")
            body = h11.Data(data=b"" if is_head else MALFORMED.body)
            for event in (response, body, h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle:
            self.cycle.disconnected = True  # the application must not answer a second time
        self.transport.close()


class Listener(uvicorn.Server):
    """A server for one socket. Signals are its process's affair."""

    server_state: Connections

    def __init__(self, app: ASGIApp, most: int, most_per_address: int, deadlines: Deadlines = Deadlines()) -> None:
        # h11: it passes the raw path on. No access log: the ledger and the functions' own logs record what happened. No
        # warnings: a stranger could fill the disk with them. asyncio accepts up to `backlog` connections in one go, and
        # one too many is closed three rounds of its loop later: so this bounds how many files they take up.
        config = uvicorn.Config(
            app, http=Connection, ws="none", lifespan="off", access_log=False, log_level="error", server_header=False,
            proxy_headers=False, timeout_graceful_shutdown=3, backlog=max(16, most // 8),
        )  # fmt: skip
        super().__init__(config)
        self.server_state = Connections(most, most_per_address)
        self._deadlines = deadlines

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve; a crowd that comes at once waits in the system's queue, which asyncio made as short."""
        await super().startup(sockets)
        for bound in sockets or []:
            bound.listen(network.QUEUE)

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections once a second; uvicorn calls this ten times as often."""
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.admitted):
                connection.expire(now, self._deadlines)
        return await super().on_tick(counter)
