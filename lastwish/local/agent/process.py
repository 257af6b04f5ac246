"""Start and check the agent's process, on ports that are bound before the engine starts: its environment names them."""

import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

import httpx

from lastwish.aws.clients import Endpoint, stage_of
from lastwish.errors import PortTaken, StackError
from lastwish.local import environment, network
from lastwish.local.door import KEY_HEADER
from lastwish.local.network import http_status
from lastwish.local.processes import failure_to_start, spawn
from lastwish.local.state import STACK, Home, State

START_TIMEOUT = 20.0
# As much as the system grants: a crowd's datagrams wait here while the agent is busy.
BUFFER = 4 * 1024 * 1024


@dataclass(frozen=True)
class Ports:
    """Two sockets for the agent."""

    http: socket.socket
    udp: socket.socket

    @property
    def xray(self) -> str:
        """Endpoint URL of X-Ray's API."""
        return network.url_of(self.http).rstrip("/")

    @property
    def daemon(self) -> str:
        """Address for the X-Ray daemon's datagrams, as host:port."""
        host, port = self.udp.getsockname()
        return f"{host}:{port}"

    def close(self) -> None:
        """Close both sockets."""
        self.http.close()
        self.udp.close()


def bind(xray: str = "", daemon: str = "") -> Ports:
    """Bind two ports on loopback: those of an agent that was here before, or free ones. Raises PortTaken."""
    http, udp = network.bind_at(xray), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with suppress(OSError):  # some systems refuse a size above their bound, others grant the bound
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    try:
        udp.bind((environment.HOST, int(daemon.rpartition(":")[2] or 0)))
    except OSError as error:
        http.close()
        udp.close()
        raise PortTaken(f"{daemon} is taken ({error.strerror})") from None
    udp.setblocking(False)
    return Ports(http, udp)


def start(ports: Ports, state: State, home: Home) -> "subprocess.Popen[bytes]":
    """Start the agent on bound sockets."""
    numbers = [ports.http.fileno(), ports.udp.fileno()]
    command = [sys.executable, "-m", "lastwish.local.agent.server", "--engine", state.engine]
    command += ["--stack", STACK, "--stage", stage_of(state.stage_path)]
    command += ["--fd", str(numbers[0]), "--udp-fd", str(numbers[1])]
    return spawn(command, environment.clean(home, state.key), home.log("agent"), cwd=home.path, pass_fds=numbers)


def wait_until_ready(process: "subprocess.Popen[bytes]", agent: Endpoint, home: Home) -> None:
    """Wait until it answers. Raises StackError when it ends first, or takes too long."""
    if reason := failure_to_start(process, lambda: answers(agent), START_TIMEOUT, home.log("agent")):
        raise StackError(f"the agent did not start: {reason}")


def answers(agent: Endpoint) -> bool:
    """Return whether this agent answers."""
    return http_status(f"{agent.url}/_lastwish/health", {KEY_HEADER: agent.key}) == 200


def clear_traces(agent: Endpoint) -> int:
    """Delete all traces of the agent. Returns how many there were; 0 as well when no agent answers."""
    try:
        headers = {KEY_HEADER: agent.key}
        answer = httpx.delete(f"{agent.url}/_lastwish/traces", headers=headers, timeout=5, trust_env=False)
        return int(answer.raise_for_status().json()["gone"])
    except httpx.HTTPError:
        return 0
