"""Start and check the proxy's processes, on sockets that are bound before anything else starts."""

import socket
import subprocess
import sys
import time

import httpx

from lastwish.errors import DeployFailed, ProxyFailed
from lastwish.local import environment
from lastwish.local.network import http_status
from lastwish.local.processes import failure_to_start, spawn
from lastwish.local.proxy.api_call import PROBE
from lastwish.local.state import Home, State

START_TIMEOUT = 20.0
# The first answer starts an interpreter and imports the function.
HEALTH_TIMEOUT = 60.0


def start(bound: socket.socket, state: State, home: Home, *, network: bool = False) -> "subprocess.Popen[bytes]":
    """Start the proxy on a bound socket, for this machine or for the network."""
    command = [sys.executable, "-m", "lastwish.local.proxy.server", "--fd", str(bound.fileno())]
    command += ["--engine", state.engine, "--stage-path", state.stage_path, "--template", str(environment.template())]
    command += ["--ledger", str(home.ledger), "--agent", state.daemon, *(["--network"] if network else [])]
    env = environment.clean(home, state.key) | environment.own_settings()
    return spawn(command, env, home.log("proxy"), cwd=home.path, pass_fds=[bound.fileno()])


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
    return http_status(url + PROBE) == 404


def health(url: str) -> str:
    """Return "ok" where the API's /health answers well, else what it does instead."""
    try:
        local = httpx.URL(url).host == environment.HOST  # which no proxy of the operator's shell can reach
        status = httpx.get(url + "health", timeout=30, trust_env=not local).status_code
    except httpx.HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    # 429 is the proxy's answer in a crowd: it is full, and works.
    return "ok" if status in (200, 429) else f"answers {status}"
