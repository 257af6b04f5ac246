"""Start, watch and stop the local stack: engine, agent and proxy, with the template deployed."""

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import replace

from lastwish.aws.clients import engine_client
from lastwish.aws.operators import PRESENTER, Operators
from lastwish.errors import AlreadyRunning, EngineFailed, NotRunning, ProxyFailed
from lastwish.local import composites, deploy, interrupts, network
from lastwish.local.agent import process as agent_process
from lastwish.local.engine import process as engine
from lastwish.local.processes import ProcessId, kill_marked, stop
from lastwish.local.proxy import process as proxy_process
from lastwish.local.proxy.ledger import rotate
from lastwish.local.put_back import PutBack, put_back
from lastwish.local.state import OPTIONAL, Home, State

Step = Callable[[str], AbstractContextManager[object]]
Note = Callable[[str], None]

# No new request may arrive while the rest stops.
_STOP_ORDER = ("proxy", "agent", "engine")


class LocalStack:
    """One stack in one state directory. `_children` are its processes while this object runs it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._agent: agent_process.AgentSupervisor | None = None
        self.put_back = PutBack()  # by `up`

    def up(self, port: int, address: str | None = None, step: Step = nullcontext) -> State:
        """Start everything and return once the API answers. Leaves nothing behind when it fails or is interrupted.

        With an `address` of this machine the audience's pages answer there too, at the same port. `step` gives a
        context around each step, to show it. Raises AlreadyRunning, PortTaken, TemplateError, EngineFailed,
        DeployFailed, ProxyFailed, StackError, AwsError, Interrupted.
        """
        with self.home.lock(), ExitStack() as undo:
            self._refuse_if_running()
            deploy.check_template()  # a template that cannot work fails here, and not after the engine's start
            sockets = [undo.enter_context(network.bind(port))]
            if address:
                sockets.append(undo.enter_context(network.bind(sockets[0].getsockname()[1], address)))
            ports = agent_process.bind()
            undo.callback(ports.close)
            undo.callback(self._clean_up)
            self.home.clear_logs()
            urls = [network.url_of(bound) for bound in sockets]
            state = State(urls[0], lan=urls[1] if address else None, xray=ports.xray)
            with step("starting the engine"):
                state = self._start_engine(state, ports)
            with step("deploying the template"):
                state, deployed = self._deploy(state)
            with step("putting back what the journal holds"):
                self.put_back = put_back(state, self.home)
            with step("starting the proxy"):
                state = self._start_agent_and_proxy(state, deployed, ports, sockets)
            with step("waiting for the first answer"):
                proxy_process.wait_until_healthy(state.url, self.home)
            state = replace(state, ready=True)
            self.home.save(state)
            undo.pop_all()
            for bound in sockets:
                bound.close()
            return state

    def _start_engine(self, state: State, ports: agent_process.Ports) -> State:
        with interrupts.deferred():
            process, endpoint = engine.start(self.home, ports.environment())
            state = self._save_process("engine", process, replace(state, engine=endpoint.url, key=endpoint.key))
        engine.wait_until_ready(process, endpoint, self.home)
        return state

    def _deploy(self, state: State) -> tuple[State, deploy.Deployed]:
        deployed = deploy.deploy(state.aws, self.home, state.public)
        composites.put(state.aws, deploy.STACK, deploy.template())
        deploy.write_env_file(state.aws, self.home.env_file)
        state = replace(state, outputs={**deployed.outputs, "ApiUrl": state.url, "SiteUrl": state.url})
        if "UserPoolId" in state.outputs:
            presenter, _ = Operators(engine_client("cognito-idp", state.aws), state.outputs).add(PRESENTER)
            state = replace(state, operator=presenter)
        return state, deployed

    def _start_agent_and_proxy(
        self, state: State, deployed: deploy.Deployed, ports: agent_process.Ports, sockets: list[socket.socket]
    ) -> State:
        self._agent = agent_process.AgentSupervisor(ports, state.aws, deployed, self.home)
        with interrupts.deferred():
            agent = self._agent.start()
            state = self._save_process("agent", agent, state)
        with interrupts.deferred():
            proxy = proxy_process.start(sockets, state.aws, deployed, ports.daemon, self.home)
            state = self._save_process("proxy", proxy, state)
        agent_process.wait_until_ready(agent, state.traces, self.home)
        for url in filter(None, (state.url, state.lan)):
            proxy_process.wait_until_ready(proxy, url, self.home)
        return state

    def _save_process(self, name: str, process: "subprocess.Popen[bytes]", state: State) -> State:
        """Save a process to disk as soon as it exists, so that `down` finds it even if this command is killed."""
        self._children[name] = process
        state = replace(state, processes=state.processes | {name: ProcessId.of(process.pid)})
        self.home.save(state)
        return state

    def _refuse_if_running(self) -> None:
        if (state := self.home.load()) is None:
            return
        alive = {name for name, process in state.processes.items() if process.alive()}
        if state.ready and state.processes.keys() - OPTIONAL <= alive:
            raise AlreadyRunning(f"already running at {state.url}: `lastwish down` stops it", **state.facts())
        if alive:
            raise AlreadyRunning("parts of an earlier stack still run: `lastwish down` stops them", **state.facts())
        self._clean_up()
        self.home.create()  # the clean-up has removed the folder for the engine's files

    def watch(self, note: Note) -> None:
        """Return when `down` stops the stack from elsewhere. Raises EngineFailed or ProxyFailed when a part dies.

        A dead agent is restarted, since no wish needs it, and a lost network stops nothing: `note` reports both.
        """
        connected = True
        while True:
            self._check_children(note)
            if (state := self.home.load()) is None:
                return
            if state.lan and network.is_present(state.lan) != connected:
                connected = not connected
                note(f"{state.lan} is back" if connected else f"{state.lan} is gone: only this machine is served")
            time.sleep(0.5)

    def _check_children(self, note: Note) -> None:
        for name, child in list(self._children.items()):
            if child.poll() is None or self.home.load() is None:  # without a state, `down` is stopping them
                continue
            if name in OPTIONAL:
                self._restart_agent(note)
                continue
            self.stop()
            failure = EngineFailed if name == "engine" else ProxyFailed
            raise failure(f"the {name} died (exit code {child.returncode}): the stack is stopped", running=False)

    def _restart_agent(self, note: Note) -> None:
        with suppress(AlreadyRunning), self.home.lock(), interrupts.deferred():  # another command holds the lock: later
            state = self.home.load()
            if state is None or self._agent is None:
                return
            del self._children["agent"]
            if (process := self._agent.restart()) is None:
                note(f"the agent died too often: there are no new traces and alarms (see {self.home.log('agent')})")
            else:
                self._save_process("agent", process, state)
                note("the agent died and was started again: earlier traces are lost")

    def down(self) -> list[str]:
        """Stop all parts of the stack that run, and delete its wishes. Returns the names of the parts."""
        with self.home.lock():
            stopped = self._clean_up()
            self.home.delete_journal()
            rotate(self.home.ledger)
            return stopped

    def stop(self) -> list[str]:
        """Stop all parts of the stack that run. Returns their names. The next `up` puts its wishes back."""
        with self.home.lock():
            return self._clean_up()

    def stop_if_started_here(self) -> None:
        """Stop the stack if this object started it: never a stack that another command started."""
        if self._children:
            self.stop()

    def _clean_up(self) -> list[str]:
        with interrupts.ignored():
            state = self.home.load()
            # First, so that an `up` in the foreground elsewhere sees that its stack is stopped on purpose.
            self.home.delete_state()
            parts = state.processes if state else {}
            stopped = [name for name in _STOP_ORDER if name in parts and stop(parts[name])]
            for child in self._children.values():
                child.wait()
            self._children.clear()
            if self._agent:
                self._agent.close()
            kill_marked(str(self.home.path))
            self.home.clear_tmp()
        return stopped

    def running(self) -> State:
        """Return the state of a stack that is up; health.py checks its parts. Raises NotRunning."""
        state = self.home.load()
        if state is None or not state.ready:
            raise NotRunning("nothing is running: start it with `lastwish up`", running=False)
        return state
