"""Parts of the stack: which there should be, their ports, how each is started, whether it answers."""

import subprocess
from contextlib import suppress
from socket import socket

from lastwish.errors import PortTaken
from lastwish.local import network
from lastwish.local.agent import process as agent
from lastwish.local.engine import process as engine
from lastwish.local.proxy import process as proxy
from lastwish.local.state import Home, State

type Bound = socket | agent.Ports


def expected(state: State) -> list[str]:
    """Return the parts that should run now, the engine too: that of the network while its address is ours."""
    is_on_network = state.lan is not None and network.is_ours(state.lan)
    return ["engine", "agent", "proxy", *(["network"] if is_on_network else [])]


def bind(part: str, state: State) -> Bound:
    """Bind the ports that a part has by its state, or free ones. Raises PortTaken."""
    return agent.bind(state.xray, state.daemon) if part == "agent" else network.bind_at(url(part, state))


def bind_agent(state: State) -> agent.Ports:
    """Bind the agent's ports before the engine starts, which has to know them: others where they are taken."""
    with suppress(PortTaken):
        return agent.bind(state.xray, state.daemon)
    return agent.bind()


def start(part: str, state: State, home: Home, bound: Bound) -> "subprocess.Popen[bytes]":
    """Start a part on its bound ports."""
    if isinstance(bound, agent.Ports):
        return agent.start(bound, state, home)
    return proxy.start(bound, state, home, network=part == "network")


def wait_until_ready(part: str, process: "subprocess.Popen[bytes]", state: State, home: Home) -> None:
    """Wait until a part answers. Raises StackError or ProxyFailed when it ends first, or takes too long."""
    if part == "agent":
        agent.wait_until_ready(process, state.traces, home)
    else:
        proxy.wait_until_ready(process, url(part, state), home)


def answers(part: str, state: State) -> bool:
    """Return whether a part answers. The watcher is not asked: it listens nowhere."""
    match part:
        case "engine":
            return engine.answers(state.aws)
        case "agent":
            return agent.answers(state.traces)
        case "watcher":
            return True
        case _:
            return proxy.answers(url(part, state))


def url(part: str, state: State) -> str:
    """Base URL of one of the proxy's processes."""
    return (state.lan or "") if part == "network" else state.url
