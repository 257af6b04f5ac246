"""Starts, watches and stops the local stack as a whole."""

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import replace

from lastwish.aws.clients import engine_client
from lastwish.aws.operators import PRESENTER, Operators
from lastwish.errors import AlreadyRunning, EngineFailed, NotRunning, ProxyFailed
from lastwish.local import composites, deploy, interrupts, lan
from lastwish.local.agent import process as agent_process
from lastwish.local.engine import process as engine
from lastwish.local.processes import ProcessId, stop, sweep
from lastwish.local.proxy import process as proxy_process
from lastwish.local.proxy import routes
from lastwish.local.state import OPTIONAL, Home, State

Step = Callable[[str], AbstractContextManager[object]]
Note = Callable[[str], None]

# The door closes before the house.
_STOP_ORDER = ("proxy", "deploy", "agent", "engine")


class LocalStack:
    """One stack in one state directory. While it is started by this object, `_children` are its processes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._agent: agent_process.Keeper | None = None

    def up(self, port: int, address: str | None = None, step: Step = nullcontext) -> State:
        """Start everything and return once the API answers. Leaves nothing behind when it fails or is interrupted.

        With an `address` of this machine the audience gets in there too, at the same port. `step` gives a context
        around each step, to show it. Raises AlreadyRunning, PortTaken, TemplateError, EngineFailed, DeployFailed,
        ProxyFailed, StackError, AwsError, Interrupted.
        """
        with self.home.lock(), ExitStack() as undo:
            self._refuse_a_second()
            routes.read(deploy.template())  # a template without routes need not wait for a deploy to be told so
            sockets = [undo.enter_context(proxy_process.bind(port))]
            if address:
                sockets.append(undo.enter_context(proxy_process.bind(sockets[0].getsockname()[1], address)))
            ports = agent_process.bind()
            undo.callback(ports.close)
            undo.callback(self._clean_up)
            self.home.clear_logs()
            urls = [proxy_process.url_of(each) for each in sockets]
            state = State(urls[0], lan=urls[1] if address else None, xray=ports.xray)
            state = self._start(state, sockets, ports, step)
            undo.pop_all()
            for bound in sockets:
                bound.close()
            return state

    def _start(self, state: State, sockets: list[socket.socket], ports: agent_process.Ports, step: Step) -> State:
        with step("starting the engine"):
            with interrupts.deferred():
                process, endpoint = engine.start(self.home, ports.environment())
                state = self._started("engine", process, replace(state, engine=endpoint))
            engine.wait_until_ready(process, endpoint, self.home)
        with step("deploying the template"):
            with interrupts.deferred():
                process = deploy.start(endpoint, self.home, state.public)
                self._started("deploy", process, state)
            deployed = deploy.finish(process, endpoint, self.home)
            del self._children["deploy"]
            composites.put(endpoint, deploy.STACK, deploy.template())
            deploy.write_env_file(endpoint, self.home.env_file)
            state = replace(state, outputs={**deployed.outputs, "ApiUrl": state.url, "SiteUrl": state.url})
            if "UserPoolId" in state.outputs:
                presenter, _ = Operators(engine_client("cognito-idp", endpoint), state.outputs).add(PRESENTER)
                state = replace(state, operator=presenter)
        with step("opening the door"):
            self.home.ledger.unlink(missing_ok=True)
            self._agent = agent_process.Keeper(ports, endpoint, deployed, self.home)
            with interrupts.deferred():
                agent = self._agent.start()
                state = self._started("agent", agent, state)
            with interrupts.deferred():
                process = proxy_process.start(sockets, endpoint, deployed, ports.daemon, self.home)
                state = self._started("proxy", process, state)
            agent_process.wait_until_ready(agent, state.xray, self.home)
            for url in filter(None, (state.url, state.lan)):
                proxy_process.wait_until_ready(process, url, self.home)
        with step("waiting for the first answer"):
            proxy_process.wait_until_healthy(state.url, self.home)
        state = replace(state, ready=True)
        self.home.save(state)
        return state

    def _started(self, name: str, process: "subprocess.Popen[bytes]", state: State) -> State:
        """Note a process on disk as soon as it exists, so that `down` finds it even if this command is killed."""
        self._children[name] = process
        state = replace(state, processes=state.processes | {name: ProcessId.of(process.pid)})
        self.home.save(state)
        return state

    def _refuse_a_second(self) -> None:
        if (state := self.home.load()) is None:
            return
        alive = {name for name, process in state.processes.items() if process.alive()}
        if state.ready and state.processes.keys() - OPTIONAL <= alive:
            raise AlreadyRunning(f"already running at {state.url}: `lastwish down` stops it", **state.facts())
        if alive:
            raise AlreadyRunning("parts of an earlier stack are left: `lastwish down` removes them", **state.facts())
        self._clean_up()

    def watch(self, note: Note) -> None:
        """Stay until `down` stops the stack from elsewhere. Raises EngineFailed or ProxyFailed when a part dies.

        The agent is started again instead, since no wish needs it. A network that is lost stops nothing: `note` hears
        of both.
        """
        reachable = True
        while True:
            for name, child in list(self._children.items()):
                if child.poll() is not None and self.home.load() is not None:
                    if name in OPTIONAL:
                        self._start_agent_again(note)
                        continue
                    self.down()
                    failure = EngineFailed if name == "engine" else ProxyFailed
                    raise failure(f"the {name} died (code {child.returncode}): the stack is stopped", running=False)
            if (state := self.home.load()) is None:
                return
            if state.lan and lan.present(state.lan) != reachable:
                reachable = not reachable
                note(f"{state.lan} is back" if reachable else f"{state.lan} is gone: only this machine gets in")
            time.sleep(0.5)

    def _start_agent_again(self, note: Note) -> None:
        with suppress(AlreadyRunning), self.home.lock(), interrupts.deferred():  # or somebody stops the stack just now
            state = self.home.load()
            if state is None or self._agent is None:
                return
            del self._children["agent"]
            if (process := self._agent.start_again()) is None:
                note(f"the agent keeps dying: no traces and alarms any more (see {self.home.log('agent')})")
            else:
                self._started("agent", process, state)
                note("the agent died and was started again: earlier traces are lost")

    def down(self) -> list[str]:
        """Stop whatever is left of the stack. Returns the names of the parts that were stopped; empty: none ran."""
        with self.home.lock():
            return self._clean_up()

    def abandon(self) -> None:
        """`down`, if this object started what runs: never a stack of somebody else."""
        if self._children:
            self.down()

    def _clean_up(self) -> list[str]:
        with interrupts.ignored():
            state = self.home.load()
            # First, so that `up` in the foreground elsewhere sees that this is meant.
            self.home.forget()
            parts = state.processes if state else {}
            stopped = [name for name in _STOP_ORDER if name in parts and stop(parts[name])]
            for child in self._children.values():
                child.wait()
            self._children.clear()
            if self._agent:
                self._agent.close()
            sweep(str(self.home.path))
            self.home.clear_tmp()
        return stopped

    def running(self) -> State:
        """The state of a stack that is up. Raises NotRunning; its parts may still be dead, see health.py."""
        state = self.home.load()
        if state is None or not state.ready:
            raise NotRunning("nothing is running: start it with `lastwish up`", running=False)
        return state
