"""The proxy, seen from outside: its sockets are bound before anything else starts, so a taken port costs no deploy."""

import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import httpx

from lastwish.errors import DeployFailed, PortTaken, ProxyFailed
from lastwish.local import environment
from lastwish.local.deploy import Deployed, template
from lastwish.local.processes import comes_up, spawn, tail
from lastwish.local.state import Home

START_TIMEOUT = 20.0
# The first answer starts an interpreter and imports the function.
HEALTH_TIMEOUT = 60.0


def bind(port: int, address: str = environment.HOST) -> socket.socket:
    """A socket on this port, 0 for a free one, of an address of this machine. Nobody is answered yet.

    Raises PortTaken.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address, port))
        # A listener elsewhere that shares the port (0.0.0.0) only shows when we listen too.
        bound.listen(2048)
    except OSError as error:
        bound.close()
        taken = f"port {port} is taken" + ("" if address == environment.HOST else f" at {address}")
        raise PortTaken(f"{taken} ({error.strerror}): choose another with --port", port=port) from None
    return bound


def url_of(bound: socket.socket) -> str:
    """Base URL of what will serve on this socket."""
    address, port = bound.getsockname()
    return f"http://{address}:{port}/"


def start(
    sockets: Sequence[socket.socket], engine: str, deployed: Deployed, agent: str, home: Home
) -> "subprocess.Popen[bytes]":
    """Start the proxy on bound sockets: the first is for this machine, a second one for the network.

    `agent` is where it tells of requests, as host:port.
    """
    numbers = [each.fileno() for each in sockets]
    command = [sys.executable, "-m", "lastwish.local.proxy.server", "--engine", engine]
    command += ["--stage-path", deployed.stage_path, "--template", str(template()), "--ledger", str(home.ledger)]
    command += ["--agent", agent]
    for option, number in zip(("--fd", "--lan-fd"), numbers, strict=False):
        command += [option, str(number)]
    env = environment.clean(home) | environment.own_settings()
    return spawn(command, env, home.log("proxy"), cwd=home.path, pass_fds=numbers)


def wait_until_ready(process: "subprocess.Popen[bytes]", url: str, home: Home) -> None:
    """Return once the proxy answers. Raises ProxyFailed when it ends first, or takes too long."""
    if not comes_up(process, lambda: answers(url), START_TIMEOUT):
        raise ProxyFailed(f"the proxy did not start: {tail(home.log('proxy')) or 'it says nothing'}")


def wait_until_healthy(url: str, home: Home) -> None:
    """Return once /health of the deployed API says so. Raises DeployFailed."""
    deadline = time.monotonic() + HEALTH_TIMEOUT
    while (found := health(url)) != "ok":
        if time.monotonic() > deadline:
            raise DeployFailed(f"the template is deployed but its /health {found} (see {home.log('engine')})")
        time.sleep(0.5)


def answers(url: str) -> bool:
    """Whether a proxy of ours answers at this base URL: it alone knows that there is nothing at this path."""
    try:
        return httpx.get(url + "is-this-the-proxy", timeout=5, trust_env=False).status_code == 404
    except httpx.HTTPError:
        return False


def health(url: str) -> str:
    """What the API's /health says: "ok", or in words what it does instead."""
    try:
        local = httpx.URL(url).host == environment.HOST  # which no proxy of the operator's shell can reach
        status = httpx.get(url + "health", timeout=30, trust_env=not local).status_code
    except httpx.HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    # 429 is the proxy's word in a crowd: full, and very much alive.
    return "ok" if status in (200, 429) else f"answers {status}"
