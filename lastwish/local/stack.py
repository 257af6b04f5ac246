"""Starts, watches, checks and stops the local stack as a whole."""

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace

from lastwish.errors import AlreadyRunning, EngineFailed, Interrupted, NotRunning, ProxyFailed
from lastwish.local import deploy, engine, interrupts, proxy_process, routes
from lastwish.local.processes import ProcessId, stop, sweep
from lastwish.local.state import Home, State

Step = Callable[[str], AbstractContextManager[object]]

# The door closes before the house.
_STOP_ORDER = ("proxy", "deploy", "engine")


class LocalStack:
    """One stack in one state directory. While it is started by this object, `_children` are its processes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def up(self, port: int, step: Step = nullcontext) -> State:
        """Start everything and return once the API answers. Leaves nothing behind when it fails or is interrupted.

        `step` gives a context around each step, to show it. Raises AlreadyRunning, PortTaken, TemplateError,
        EngineFailed, DeployFailed, ProxyFailed, Interrupted.
        """
        with self.home.lock(), ExitStack() as undo:
            self._refuse_a_second()
            routes.read(deploy.template())  # a template without routes need not wait for a deploy to be told so
            bound = undo.enter_context(proxy_process.bind(port))
            undo.callback(self._clean_up)
            self.home.clear_logs()
            state = self._start(State(url=proxy_process.url_of(bound)), bound, step)
            undo.pop_all()
            bound.close()
            return state

    def _start(self, state: State, bound: socket.socket, step: Step) -> State:
        with step("starting the engine"):
            with interrupts.deferred():
                process, endpoint = engine.start(self.home)
                state = self._started("engine", process, replace(state, engine=endpoint))
            engine.wait_until_ready(process, endpoint, self.home)
        with step("deploying the template"):
            with interrupts.deferred():
                process = deploy.start(endpoint, self.home)
                self._started("deploy", process, state)
            deployed = deploy.finish(process, endpoint, self.home)
            del self._children["deploy"]
            deploy.write_env_file(endpoint, self.home.env_file)
            state = replace(state, outputs={**deployed.outputs, "ApiUrl": state.url})
        with step("opening the door"):
            self.home.ledger.unlink(missing_ok=True)
            with interrupts.deferred():
                process = proxy_process.start(bound, endpoint, deployed, self.home)
                state = self._started("proxy", process, state)
            proxy_process.wait_until_ready(process, state.url, self.home)
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
        dead = [name for name, process in state.processes.items() if not process.alive()]
        if state.ready and not dead:
            raise AlreadyRunning(f"already running at {state.url}", **state.facts())
        if len(dead) < len(state.processes):
            raise AlreadyRunning("parts of an earlier stack are left: `lastwish down` removes them", **state.facts())
        self._clean_up()

    def watch(self) -> None:
        """Stay until `down` stops the stack from elsewhere. Raises EngineFailed or ProxyFailed when a part dies."""
        while True:
            for name, child in self._children.items():
                if child.poll() is not None and self.home.load() is not None:
                    self.down()
                    failure = EngineFailed if name == "engine" else ProxyFailed
                    raise failure(f"the {name} died (code {child.returncode}): the stack is stopped", running=False)
            if self.home.load() is None:
                return
            time.sleep(0.5)

    def down(self) -> list[str]:
        """Stop whatever is left of the stack. Returns the names of the parts that were stopped; empty: none ran."""
        with self.home.lock():
            return self._clean_up()

    def _clean_up(self) -> list[str]:
        with interrupts.ignored():
            state = self.home.load()
            # First, so that `up` in the foreground elsewhere sees that this is meant.
            self.home.forget()
            parts = state.processes if state else {}
            stopped = [name for name in _STOP_ORDER if name in parts and stop(parts[name])]
            for child in self._children.values():
                child.wait()
            sweep(str(self.home.path))
            self.home.clear_tmp()
        return stopped

    def running(self) -> State:
        """The state of a stack that is up. Raises NotRunning; its parts may still be dead, see `health`."""
        state = self.home.load()
        if state is None or not state.ready:
            raise NotRunning("nothing is running: start it with `lastwish up`", running=False)
        return state

    def health(self, state: State) -> dict[str, str]:
        """ "ok" for each part that does its work, else in words what is wrong with it."""
        found = {name: self._health_of(state, name) for name in state.processes}
        found["api"] = proxy_process.health(state.url) if set(found.values()) == {"ok"} else "cannot be asked"
        return found

    def _health_of(self, state: State, name: str) -> str:
        if not state.processes[name].alive():
            return f"is dead (see {self.home.log(name)})"
        answers = engine.answers(state.engine) if name == "engine" else proxy_process.answers(state.url)
        return "ok" if answers else "does not answer"


def start(stack: LocalStack, port: int, step: Step) -> State:
    """`LocalStack.up` under Ctrl-C and SIGTERM. Raises Interrupted besides what `up` raises."""
    try:
        with interrupts.interruptible():
            return stack.up(port, step)
    except KeyboardInterrupt:
        raise Interrupted("interrupted before the stack was up: nothing is left running") from None


def stay(stack: LocalStack) -> bool:
    """Watch a stack from the foreground. True: Ctrl-C or SIGTERM came and it is stopped. False: `down` stopped it."""
    with interrupts.ignored():  # a second Ctrl-C must not stop the stopping
        try:
            with interrupts.interruptible():
                stack.watch()
        except KeyboardInterrupt:
            stack.down()
            return True
    return False
