"""The agent as a process: what AWS does beside the functions by itself, on this laptop.

`python -m lastwish.local.agent.server --fd N --udp-fd N ...` serves on sockets that `up` has bound already: X-Ray's API
over HTTP, the X-Ray daemon's datagrams over UDP. It keeps nothing but a bounded memory and writes nothing but its log;
without it every wish takes the same way, unseen.
"""

import asyncio
import logging
import socket
from typing import Annotated

import typer
import uvicorn

from lastwish.local.agent.intake import Intake
from lastwish.local.agent.metrics import Gathered
from lastwish.local.agent.publishing import Publisher
from lastwish.local.agent.traces import Traces
from lastwish.local.agent.xray import application


async def _serve(http: socket.socket, udp: socket.socket, engine: str, stack: str, stage: str) -> None:
    traces, gathered = Traces(), Gathered()
    counters = {"received": 0, "malformed": 0, "published": 0, "failed": 0}
    await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Intake(traces, gathered, counters, stack, stage), sock=udp
    )
    Publisher(engine, stack, gathered, counters).start()
    config = uvicorn.Config(
        application(traces, counters), http="h11", ws="none", lifespan="off", access_log=False, server_header=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    await uvicorn.Server(config).serve([http])


def serve(
    fd: Annotated[int, typer.Option(help="A bound socket to serve X-Ray's API on.")],
    udp_fd: Annotated[int, typer.Option(help="A bound socket for datagrams.")],
    engine: Annotated[str, typer.Option(help="Endpoint URL of the engine.")],
    stack: Annotated[str, typer.Option(help="The CloudFormation stack whose queues and functions are watched.")],
    stage: Annotated[str, typer.Option(help="The stage of its API.")],
) -> None:
    """Serve until SIGTERM."""
    logging.raiseExceptions = False  # a log that cannot be written is no reason to say so in the log
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    asyncio.run(_serve(socket.socket(fileno=fd), socket.socket(fileno=udp_fd), engine, stack, stage))


if __name__ == "__main__":
    typer.run(serve)
