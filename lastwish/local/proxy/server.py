"""Run the proxy for this machine or, with `--network`, for the network.

`python -m lastwish.local.proxy.server --fd N ...` serves on a socket that is bound already. The socket of a request
decides which routes exist for it, and nothing in the request does. The network has a process of its own: whatever
phones do uses up its files, its event loop and its slots at the engine, not those of the wall and the console.
"""

import asyncio
import os
import resource
import signal
import socket
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx
import typer
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from lastwish.local.door import KEY_HEADER, PROXY, named
from lastwish.local.proxy import documents
from lastwish.local.proxy.api_call import Reporter
from lastwish.local.proxy.app import Proxy
from lastwish.local.proxy.ballots import Ballots
from lastwish.local.proxy.concurrency import TRACE_LIMIT, ConcurrencyLimit, RouteLimits
from lastwish.local.proxy.gateway import read
from lastwish.local.proxy.ledger import Ledger
from lastwish.local.proxy.listener import Listener
from lastwish.local.proxy.stage import Stage
from lastwish.local.state import Home

# As long as API Gateway waits for an integration.
ENGINE_TIMEOUT = httpx.Timeout(29, connect=5)
# Half of them for connections, the rest for those on their way out: enough for a hall of phones, each of which opens up
# to six. A process on macOS has 256 unless it asks for more.
OPEN_FILES = 8192


def assemble(proxy: Proxy, home: Home) -> ASGIApp:
    """Return the proxy behind the stage, with compression for clients that accept it, from the template's size on."""
    app, smallest = Stage(proxy, home), proxy.gateway.compress_from
    return app if smallest is None else GZipMiddleware(app, minimum_size=smallest)


def _raise_open_files() -> int:
    """Raise the number of files that may be open at once to OPEN_FILES. Returns how many of these the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed


async def _until_stopped(listener: Listener, bound: socket.socket) -> None:
    """Serve a socket until SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, setattr, listener, "should_exit", True)
    await listener.serve([bound])


def _with_key(key: str, request: httpx.Request) -> httpx.Request:
    request.headers[KEY_HEADER] = key
    return request


def _engine(url: str, key: str, connections: int) -> httpx.AsyncClient:
    """Return the client by which this process reaches the engine, with the key of this `up`."""
    return httpx.AsyncClient(
        base_url=url,
        auth=partial(_with_key, named(key, PROXY)),
        timeout=ENGINE_TIMEOUT,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        trust_env=False,
    )


def serve(  # noqa: PLR0917 - typer reads them as options
    fd: Annotated[int, typer.Option(help="A bound socket to serve on.")],
    engine: Annotated[str, typer.Option(help="Endpoint URL of the engine.")],
    stage_path: Annotated[str, typer.Option(help="Path of the API's stage on the engine.")],
    template: Annotated[Path, typer.Option(help="The template with the API's routes.")],
    ledger: Annotated[Path, typer.Option(help="File to append wish ids to; the stage's files stand beside it.")],
    agent: Annotated[str, typer.Option(help="host:port of the agent, for reports by UDP.")],
    network: Annotated[bool, typer.Option("--network", help="Serve the network's routes only.")] = False,
) -> None:
    """Serve until SIGTERM."""
    most = _raise_open_files() // 2
    limit = int(os.environ.get("LASTWISH_PROXY_CONCURRENCY") or 8)
    gateway = read(template)
    host, _, port = agent.rpartition(":")
    key = os.environ["AWS_ACCESS_KEY_ID"]
    proxy = Proxy(
        _engine(engine, key, limit + TRACE_LIMIT),
        stage_path,
        gateway.for_network() if network else gateway,
        Ledger(ledger),
        RouteLimits(ConcurrencyLimit(limit)),
        Ballots(key),
        Reporter((host, int(port)), key),
    )
    # Half of them for one address on the network: all phones of a hall behind one router have the same.
    app = assemble(proxy, Home(ledger.parent))
    listener = Listener(app if network else documents.layer(app), most, most // 2 if network else most)
    asyncio.run(_until_stopped(listener, socket.socket(fileno=fd)))


if __name__ == "__main__":
    typer.run(serve)
