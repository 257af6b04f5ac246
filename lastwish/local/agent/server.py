"""Run the agent's process: X-Ray's API over HTTP, the X-Ray daemon's datagrams over UDP, and the publisher.

`python -m lastwish.local.agent.server --fd N --udp-fd N ...` serves on sockets that `up` has bound already. It keeps a
bounded memory and writes only its log. No wish needs it.
"""

import asyncio
import logging
import os
import socket
from typing import Annotated

import typer
import uvicorn

from lastwish.aws.clients import Endpoint
from lastwish.local.agent import openmetrics
from lastwish.local.agent.datagrams import Receiver
from lastwish.local.agent.metrics import MetricBuffer
from lastwish.local.agent.publisher import Publisher
from lastwish.local.agent.traces import Traces
from lastwish.local.agent.xray import application
from lastwish.local.door import AGENT, Door, named


async def _serve(http: socket.socket, udp: socket.socket, engine: str, stack: str, stage: str) -> None:
    key = os.environ["AWS_ACCESS_KEY_ID"]
    shown = openmetrics.exposition()
    traces, metrics = Traces(), MetricBuffer(counts=shown)
    counters = {"received": 0, "malformed": 0, "published": 0, "failed": 0}
    await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Receiver(traces, metrics, counters, stack, stage, key), sock=udp
    )
    Publisher(Endpoint(engine, named(key, AGENT)), stack, metrics, counters, shown).start()
    scraped = Door(openmetrics.endpoint(shown), openmetrics.token(key))
    app = openmetrics.layer(Door(application(traces, counters), key), scraped)
    config = uvicorn.Config(
        app, http="h11", ws="none", lifespan="off", access_log=False, server_header=False, timeout_graceful_shutdown=1
    )
    await uvicorn.Server(config).serve([http])


def serve(
    fd: Annotated[int, typer.Option(help="A bound socket to serve X-Ray's API on.")],
    udp_fd: Annotated[int, typer.Option(help="A bound socket for datagrams.")],
    engine: Annotated[str, typer.Option(help="Endpoint URL of the engine.")],
    stack: Annotated[str, typer.Option(help="The CloudFormation stack with the queues and functions.")],
    stage: Annotated[str, typer.Option(help="The stage of its API.")],
) -> None:
    """Serve until SIGTERM."""
    logging.raiseExceptions = False  # or a log on a full disk prints a traceback for each line
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    asyncio.run(_serve(socket.socket(fileno=fd), socket.socket(fileno=udp_fd), engine, stack, stage))


if __name__ == "__main__":
    typer.run(serve)
