"""Start and check the agent's process, on ports that are bound before the engine starts: its environment names them."""

import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

import httpx

from lastwish.aws.clients import Endpoint
from lastwish.errors import StackError
from lastwish.local import deploy, environment, network
from lastwish.local.deploy import Deployed
from lastwish.local.door import KEY_HEADER
from lastwish.local.network import http_status
from lastwish.local.processes import failure_to_start, spawn
from lastwish.local.state import Home

START_TIMEOUT = 20.0
RESTARTS = 3
# As much as the system grants: a crowd's datagrams wait here while the agent is busy.
BUFFER = 4 * 1024 * 1024


@dataclass(frozen=True)
class Ports:
    """Two sockets for the agent. They stay open in `up`, so that a new agent can replace a dead one."""

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

    def environment(self) -> dict[str, str]:
        """Return the variables by which a function's SDKs find the agent."""
        return {"AWS_ENDPOINT_URL_XRAY": self.xray, "AWS_XRAY_DAEMON_ADDRESS": self.daemon}

    def close(self) -> None:
        """Close both sockets."""
        self.http.close()
        self.udp.close()


def bind() -> Ports:
    """Bind two free ports on loopback."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with suppress(OSError):  # some systems refuse a size above their bound, others grant the bound
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    udp.bind((environment.HOST, 0))
    udp.setblocking(False)
    return Ports(network.bind(0), udp)


class AgentSupervisor:
    """Starts the agent on bound sockets, and restarts it a few times when it died."""

    def __init__(self, ports: Ports, engine: Endpoint, deployed: Deployed, home: Home) -> None:
        self._ports, self._key, self._home = ports, engine.key, home
        self._command = [sys.executable, "-m", "lastwish.local.agent.server", "--engine", engine.url]
        self._command += ["--stack", deploy.STACK, "--stage", deployed.stage]
        self._restarts_left = RESTARTS

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the agent."""
        numbers = [self._ports.http.fileno(), self._ports.udp.fileno()]
        command = [*self._command, "--fd", str(numbers[0]), "--udp-fd", str(numbers[1])]
        env = environment.clean(self._home, self._key)
        return spawn(command, env, self._home.log("agent"), cwd=self._home.path, pass_fds=numbers)

    def restart(self) -> "subprocess.Popen[bytes] | None":
        """Start it again, or close its ports and return None when that was done RESTARTS times."""
        if not self._restarts_left:
            self.close()
            return None
        self._restarts_left -= 1
        return self.start()

    def close(self) -> None:
        """Close the agent's ports."""
        self._ports.close()


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
