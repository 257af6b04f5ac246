"""Start and check the proxy's process, on sockets that are bound before anything else starts."""

import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import httpx

from lastwish.aws.clients import Endpoint
from lastwish.errors import DeployFailed, ProxyFailed
from lastwish.local import environment
from lastwish.local.deploy import Deployed, template
from lastwish.local.network import http_status
from lastwish.local.processes import failure_to_start, spawn
from lastwish.local.state import Home

START_TIMEOUT = 20.0
# The first answer starts an interpreter and imports the function.
HEALTH_TIMEOUT = 60.0


def start(
    sockets: Sequence[socket.socket], engine: Endpoint, deployed: Deployed, agent: str, home: Home
) -> "subprocess.Popen[bytes]":
    """Start the proxy on bound sockets: the first is for this machine, a second one for the network.

    `agent` is the agent's address for reports, as host:port.
    """
    numbers = [bound.fileno() for bound in sockets]
    command = [sys.executable, "-m", "lastwish.local.proxy.server", "--engine", engine.url]
    command += ["--stage-path", deployed.stage_path, "--template", str(template()), "--ledger", str(home.ledger)]
    command += ["--agent", agent]
    for option, number in zip(("--fd", "--lan-fd"), numbers, strict=False):
        command += [option, str(number)]
    env = environment.clean(home, engine.key) | environment.own_settings()
    return spawn(command, env, home.log("proxy"), cwd=home.path, pass_fds=numbers)


def wait_until_ready(process: "subprocess.Popen[bytes]", url: str, home: Home) -> None:
    """Wait until the proxy answers. Raises ProxyFailed when it ends first, or takes too long."""
    if reason := failure_to_start(process, lambda: answers(url), START_TIMEOUT, home.log("proxy")):
        raise ProxyFailed(f"the proxy did not start: {reason}")


def wait_until_healthy(url: str, home: Home) -> None:
    """Wait until /health of the deployed API answers "ok". Raises DeployFailed."""
    deadline = time.monotonic() + HEALTH_TIMEOUT
    while (words := health(url)) != "ok":
        if time.monotonic() > deadline:
            raise DeployFailed(f"the template is deployed but its /health {words} (see {home.log('engine')})")
        time.sleep(0.5)


def answers(url: str) -> bool:
    """Return whether our proxy answers at this base URL: only it answers this path with a 404."""
    return http_status(url + "is-this-the-proxy") == 404


def health(url: str) -> str:
    """Return "ok" where the API's /health answers well, else what it does instead."""
    try:
        local = httpx.URL(url).host == environment.HOST  # which no proxy of the operator's shell can reach
        status = httpx.get(url + "health", timeout=30, trust_env=not local).status_code
    except httpx.HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    # 429 is the proxy's answer in a crowd: it is full, and works.
    return "ok" if status in (200, 429) else f"answers {status}"
