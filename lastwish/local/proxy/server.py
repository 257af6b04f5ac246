"""Run the proxy's process: a listener for this machine and, with a second socket, one for the network.

`python -m lastwish.local.proxy.server --fd N ...` serves on sockets that `up` has bound already. Each listener has an
application of its own: the socket of a request decides which routes exist for it, and nothing in the request does.
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

from lastwish.local.door import KEY_HEADER, PROXY, named
from lastwish.local.proxy.api_call import Reporter
from lastwish.local.proxy.app import Proxy
from lastwish.local.proxy.concurrency import TRACE_LIMIT, ConcurrencyLimit, RouteLimits
from lastwish.local.proxy.gateway import read
from lastwish.local.proxy.ledger import Ledger

# As long as API Gateway waits for an integration.
ENGINE_TIMEOUT = httpx.Timeout(29, connect=5)
# Enough for a hall of phones. A process on macOS has 256 unless it asks for more.
OPEN_FILES = 8192


def compressing(proxy: Proxy) -> ASGIApp:
    """Return the proxy with compression for clients that accept it, from the template's size on."""
    smallest = proxy.gateway.compress_from
    return proxy if smallest is None else GZipMiddleware(proxy, minimum_size=smallest)


class _Listener(uvicorn.Server):
    """One of several servers in a process. A signal stops all of them, so none handles it by itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listener(app: ASGIApp) -> _Listener:
    # h11: it passes the raw path on. No access log: the ledger and the functions' own logs record what happened.
    return _Listener(
        uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
    )  # fmt: skip


def _raise_open_files() -> None:
    """Raise the number of connections that may be open at once, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))


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
    stage_path: Annotated[str, typer.Option(help="Path of the API's stage on the engine.")],
    template: Annotated[Path, typer.Option(help="The template with the API's routes.")],
    ledger: Annotated[Path, typer.Option(help="File to append wish ids to.")],
    agent: Annotated[str, typer.Option(help="host:port of the agent, for reports by UDP.")],
    lan_fd: Annotated[int | None, typer.Option(help="A bound socket to serve the network on.")] = None,
) -> None:
    """Serve until SIGTERM."""
    _raise_open_files()
    limit = int(os.environ.get("LASTWISH_PROXY_CONCURRENCY") or 8)
    gateway = read(template)
    gateways = {fd: gateway} if lan_fd is None else {fd: gateway, lan_fd: gateway.for_network()}
    connections = (limit + TRACE_LIMIT) * len(gateways)
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    key = os.environ["AWS_ACCESS_KEY_ID"]
    client = httpx.AsyncClient(
        base_url=engine, headers={KEY_HEADER: named(key, PROXY)}, timeout=ENGINE_TIMEOUT, limits=limits, trust_env=False
    )
    record = Ledger(ledger)
    host, _, port = agent.rpartition(":")
    reporter = Reporter((host, int(port)), key)
    # Each listener has limits of its own: a crowd that waits on the network does not keep the presenter from the wall.
    apps = {
        fd: compressing(Proxy(client, stage_path, gateway, record, RouteLimits(ConcurrencyLimit(limit)), reporter))
        for fd, gateway in gateways.items()
    }
    asyncio.run(_until_stopped([(_listener(app), socket.socket(fileno=fd)) for fd, app in apps.items()]))


if __name__ == "__main__":
    typer.run(serve)
