"""The proxy as a process: a listener for this machine and, given a second socket, one for the network.

`python -m lastwish.local.proxy.server --fd N ...` serves on sockets that `up` has bound already. Each listener has an
application of its own, so what may pass is decided by the socket that a request came in on, and by nothing it says.
"""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer
import uvicorn
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from lastwish.local.proxy.api_request import Teller
from lastwish.local.proxy.app import Proxy
from lastwish.local.proxy.gate import TRACE_PLACES, Gate, Gates
from lastwish.local.proxy.ledger import Ledger
from lastwish.local.proxy.routes import read

# As long as API Gateway waits for an integration.
ENGINE_TIMEOUT = httpx.Timeout(29, connect=5)
# A hall of phones. A process on macOS has 256 unless it asks for more.
OPEN_FILES = 8192


def compressing(proxy: Proxy) -> ASGIApp:
    """The proxy, with bodies compressed for clients that accept it from the size on that the template says."""
    smallest = proxy.door.compress_from
    return proxy if smallest is None else GZipMiddleware(proxy, minimum_size=smallest)


class _Listener(uvicorn.Server):
    """One of several in a process: a signal stops them all, so none takes it for itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listener(app: ASGIApp) -> _Listener:
    # h11: it hands the path on as it came. No access log: the ledger and the functions' own logs say what happened.
    return _Listener(
        uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
    )  # fmt: skip


def _have_room() -> None:
    """Raise the number of connections that may be open at once, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < room:
        resource.setrlimit(resource.RLIMIT_NOFILE, (room, hard))


async def _until_stopped(listeners: list[tuple[_Listener, socket.socket]]) -> None:
    def stop() -> None:
        for listener, _ in listeners:
            listener.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await asyncio.gather(*(listener.serve([bound]) for listener, bound in listeners))


def serve(  # noqa: PLR0917 - typer reads them as options
    fd: Annotated[int, typer.Option(help="A bound socket to serve this machine on.")],
    engine: Annotated[str, typer.Option(help="Endpoint URL of the engine.")],
    stage_path: Annotated[str, typer.Option(help="Where the API's stage lives on the engine.")],
    template: Annotated[Path, typer.Option(help="The template whose routes may pass.")],
    ledger: Annotated[Path, typer.Option(help="File to append wish ids to.")],
    agent: Annotated[str, typer.Option(help="host:port to tell of every request, by UDP.")],
    lan_fd: Annotated[int | None, typer.Option(help="A bound socket to serve the network on.")] = None,
) -> None:
    """Serve until SIGTERM."""
    _have_room()
    places = int(os.environ.get("LASTWISH_PROXY_CONCURRENCY") or 8)
    door = read(template)
    doors = {fd: door} if lan_fd is None else {fd: door, lan_fd: door.for_network()}
    connections = (places + TRACE_PLACES) * len(doors)
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    client = httpx.AsyncClient(base_url=engine, timeout=ENGINE_TIMEOUT, limits=limits, trust_env=False)
    promises = Ledger(ledger)
    host, _, port = agent.rpartition(":")
    teller = Teller((host, int(port)))
    # Gates each: a crowd that waits in front of the network's does not keep the presenter from the wall.
    apps = {
        fd: compressing(Proxy(client, stage_path, door, promises, Gates(Gate(places)), teller))
        for fd, door in doors.items()
    }
    asyncio.run(_until_stopped([(_listener(app), socket.socket(fileno=fd)) for fd, app in apps.items()]))


if __name__ == "__main__":
    typer.run(serve)
