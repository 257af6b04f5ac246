"""The agent, seen from outside. Its ports are bound before the engine starts, whose environment names them."""

import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

import httpx

from lastwish.errors import StackError
from lastwish.local import deploy, environment
from lastwish.local.deploy import Deployed
from lastwish.local.processes import comes_up, spawn, tail
from lastwish.local.proxy import process as proxy_process
from lastwish.local.state import Home

START_TIMEOUT = 20.0
LIVES = 3  # how often it is started again
# As much as the system grants: a crowd's datagrams wait here while the agent is busy.
BUFFER = 4 * 1024 * 1024


@dataclass(frozen=True)
class Ports:
    """The agent's two sockets. Whoever bound them keeps them, so that an agent can take a dead one's place."""

    http: socket.socket
    udp: socket.socket

    @property
    def xray(self) -> str:
        """Endpoint URL of X-Ray's API."""
        return proxy_process.url_of(self.http).rstrip("/")

    @property
    def daemon(self) -> str:
        """Where the daemon's datagrams go, as host:port."""
        host, port = self.udp.getsockname()
        return f"{host}:{port}"

    def environment(self) -> dict[str, str]:
        """What tells a function's SDKs about the agent."""
        return {"AWS_ENDPOINT_URL_XRAY": self.xray, "AWS_XRAY_DAEMON_ADDRESS": self.daemon}

    def close(self) -> None:
        """Let go of both."""
        self.http.close()
        self.udp.close()


def bind() -> Ports:
    """Two free ports on loopback."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with suppress(OSError):  # some systems refuse what is above their bound, others grant the bound
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    udp.bind((environment.HOST, 0))
    udp.setblocking(False)
    return Ports(proxy_process.bind(0), udp)


class Keeper:
    """Starts the agent on bound sockets, and again when it died, a few times."""

    def __init__(self, ports: Ports, engine: str, deployed: Deployed, home: Home) -> None:
        self._ports, self._home = ports, home
        self._command = [sys.executable, "-m", "lastwish.local.agent.server", "--engine", engine]
        self._command += ["--stack", deploy.STACK, "--stage", deployed.stage]
        self._lives = LIVES

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it."""
        numbers = [self._ports.http.fileno(), self._ports.udp.fileno()]
        command = [*self._command, "--fd", str(numbers[0]), "--udp-fd", str(numbers[1])]
        env = environment.clean(self._home)
        return spawn(command, env, self._home.log("agent"), cwd=self._home.path, pass_fds=numbers)

    def start_again(self) -> "subprocess.Popen[bytes] | None":
        """Start it again; None when that was done often enough, and its ports are given up."""
        if not self._lives:
            self.close()
            return None
        self._lives -= 1
        return self.start()

    def close(self) -> None:
        """Give the ports up."""
        self._ports.close()


def wait_until_ready(process: "subprocess.Popen[bytes]", xray: str, home: Home) -> None:
    """Return once it answers. Raises StackError when it ends first, or takes too long."""
    if not comes_up(process, lambda: answers(xray), START_TIMEOUT):
        raise StackError(f"the agent did not start: {tail(home.log('agent')) or 'it says nothing'}")


def answers(xray: str) -> bool:
    """Whether an agent answers at this endpoint URL."""
    try:
        return httpx.get(f"{xray}/_lastwish/health", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def forget_traces(xray: str) -> int:
    """Make it forget all traces. Returns how many there were; 0 as well when no agent answers."""
    try:
        answer = httpx.delete(f"{xray}/_lastwish/traces", timeout=5, trust_env=False)
        return int(answer.raise_for_status().json()["gone"])
    except httpx.HTTPError:
        return 0
