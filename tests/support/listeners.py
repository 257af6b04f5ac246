"""A listener of the proxy in this process, with an application of the test's own."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from lastwish.local.network import bind, url_of
from lastwish.local.proxy.listener import Deadlines, Listener

_PATIENT = Deadlines()


@dataclass
class Listening:
    """A listener that serves, and its URL."""

    url: str
    listener: Listener

    def connections(self) -> int:
        """Return how many connections it has."""
        return len(self.listener.server_state.admitted)


@contextmanager
def listening(
    app: ASGIApp, most: int = 100, most_per_address: int = 100, deadlines: Deadlines = _PATIENT
) -> Iterator[Listening]:
    """Serve this application for the block."""
    bound = bind(0)
    listener = Listener(app, most, most_per_address, deadlines)
    url = url_of(bound)
    thread = threading.Thread(target=lambda: asyncio.run(listener.serve([bound])))
    thread.start()
    try:
        yield Listening(url, listener)
    finally:
        listener.should_exit = True
        thread.join()
        bound.close()


def until_closed(client: socket.socket, seconds: float = 30) -> bytes:
    """Return all that a server sends until it closes the connection. Raises TimeoutError after silence."""
    client.settimeout(seconds)
    received = b""
    try:
        while chunk := client.recv(65536):
            received += chunk
    except ConnectionError:
        pass
    return received
