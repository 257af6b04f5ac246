"""Clients that hold a server's connections: idle ones, and ones that send a byte now and then."""

import resource
import selectors
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = b"POST /wishes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n"

OTHER_ADDRESS = "127.0.0.2"  # of this machine too, on Linux


def has_other_address() -> bool:
    """Return whether a client on this machine may come from OTHER_ADDRESS."""
    with socket.socket() as probe:
        try:
            probe.bind((OTHER_ADDRESS, 0))
        except OSError:
            return False
        return True


def allow_open_files(wanted: int) -> int:
    """Raise this process's limit of open files as far as the system lets it. Return how many it may open now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        return allowed
    return wanted if soft == resource.RLIM_INFINITY else soft


@contextmanager
def connected(url: str, connections: int, sources: Sequence[str] = ("",)) -> Iterator[list[socket.socket]]:
    """Open connections to a server and send nothing. They come from these addresses of this machine in turn."""
    where = urlsplit(url)
    with ExitStack() as stack:
        opened = []
        for number in range(connections):
            client = stack.enter_context(socket.socket())
            client.settimeout(20)
            client.bind((sources[number % len(sources)], 0))
            client.connect((where.hostname, where.port))
            opened.append(client)
        yield opened


def alive(clients: Sequence[socket.socket]) -> int:
    """Return how many of these the server has not closed."""
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        return len(clients) - len(selector.select(0))


@contextmanager
def dripping(clients: Sequence[socket.socket], start: bytes, pause: float = 0.5) -> Iterator[None]:
    """Send the start of a request on each connection, and a byte more on each after every pause (in seconds)."""
    over = threading.Event()

    def drip() -> None:
        while not over.wait(pause):
            for client in clients:
                with suppress(OSError):  # the server has closed this one
                    client.send(b"x")

    for client in clients:
        client.sendall(start)
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
