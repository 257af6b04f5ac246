"""Start the local stack, also after a crash, and stop it: engine, agent, proxy and watcher, with the template deployed.

What is on disk says what there is, so that any command can go on where another one was killed:

- *down*: no state.json. Journal and ledger may be there: `up` puts their wishes back, `down` deletes them. So does
  stopped.json, the state of the last stack, with the port, key and password that `up` goes on with.
- *starting*: a state that is not `ready`, and somebody holds the lock. Without the lock its starter was killed.
- *up*: `ready`, and every part lives.
- *broken*: `ready`, and a part is dead, or its starter was killed. Its watcher mends it (watch.py); where that is dead,
  too, `up` does.

Down or broken → starting → up is one way, `_start`, whoever goes it. A single part other than the engine is started
again by itself: it keeps nothing that the others need. Whoever starts or stops holds the lock.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lastwish.aws.clients import engine_client
from lastwish.aws.operators import PRESENTER, Operator, Operators, password
from lastwish.errors import AlreadyRunning
from lastwish.local import composites, deploy, environment, interrupts, network, parts
from lastwish.local.door import new_key
from lastwish.local.engine import process as engine
from lastwish.local.processes import ProcessId, kill_marked, spawn, stop
from lastwish.local.proxy import process as proxy_process
from lastwish.local.proxy.ledger import rotate
from lastwish.local.state import STACK, Home, PutBack, Restart, State

Step = Callable[[str], AbstractContextManager[object]]

USUAL_PORT = 8045
# No new request may arrive while the rest stops.
_STOP_ORDER = ("network", "proxy", "agent", "engine")
_MOST_RESTARTS = 100  # that are remembered


class LocalStack:
    """One stack in one state directory. `_children` are the processes that this object started, by part.

    `_watcher` is the process that watches the stack that this object started.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._watcher: ProcessId | None = None

    def up(
        self, port: int | None = None, address: str | None = None, step: Step = nullcontext, *, detach: bool = False
    ) -> State:
        """Start what does not run, and return once the API answers. When it fails it leaves what `down` would delete.

        Puts back what the journal of an earlier stack holds, and has its port unless another is asked for. With an
        `address` of this machine the audience's pages answer there too: a stack that runs elsewhere moves. `step` gives
        a context around each step, to show it. `detach` starts a watcher; else this process has to be it (watch.py).

        Raises AlreadyRunning, PortTaken, TemplateError, EngineFailed, DeployFailed, ProxyFailed, StackError, AwsError,
        Interrupted.
        """
        with self.home.lock(), ExitStack() as undo:
            state = self.home.load()
            moves = state and address and address != urlsplit(state.lan or "").hostname
            if state and not moves and state.runs("watcher"):
                raise AlreadyRunning(_who_watches(state), **state.facts())
            deploy.check_template()  # a template that cannot work fails here, and not after the engine's start
            undo.callback(self._stop)
            if moves or not (state and state.ready and state.runs("engine")):
                self._stop_watcher(state)
                planned = _planned(state or self.home.stopped(), port, address)
                state = self._start_all(state, planned, "moved" if moves else "was not up", step)
            for part in parts.expected(state):
                state = state if state.runs(part) else self.restart(part, "died")
            state = self._launch_watcher(state) if detach else self._save_pid("watcher", os.getpid(), state)
            self._watcher = state.processes["watcher"]
            undo.pop_all()
            return state

    def _start_all(self, former: State | None, planned: State, why: str, step: Step) -> State:
        if former is None:
            self.home.clear_logs()
        else:
            self.home.mark_logs(f"the stack {why}")
        state, done = self._start(planned, step)
        return self.remember("stack", why, done) if former or done.words() else state

    def restart(self, part: str, why: str) -> State:
        """Start a part again: the engine with all that needs it, another part alone. The caller holds the lock.

        Raises what `up` raises.
        """
        state = self.home.there()
        self.home.mark_logs(f"the {part} {why}")
        if part == "engine":
            _, done = self._start(state)
            return self.remember(part, why, done)
        if part in state.processes:
            stop(state.processes[part])  # one that hangs, and what a dead one left in its session
        with closing(parts.bind(part, state)) as bound:
            state = self._launch(part, state, bound)
        parts.wait_until_ready(part, self._children[part], state, self.home)
        return self.remember(part, why, PutBack())

    def remember(self, part: str, why: str, result: PutBack | str) -> State:
        """Note in the state that a part was started again, or why it was not. Raises NotRunning."""
        state, time = self.home.there(), datetime.now(UTC).isoformat(timespec="seconds")
        words, facts = (result, {}) if isinstance(result, str) else (_words(result), result.facts())
        restarts = (*state.restarts, Restart(part, time, why, words, facts))[-_MOST_RESTARTS:]
        state = replace(state, restarts=restarts)
        self.home.save(state)
        return state

    def _start(self, state: State, step: Step = nullcontext) -> tuple[State, PutBack]:
        """Stop what is left, start all parts, deploy, and put back what the journal holds: the only way up.

        Keeps the key, the presenter's password and the page's port; the engine's and the agent's where they are free.
        """
        self._stop_parts(state)
        self.home.create()
        with ExitStack() as held:
            # All before anything starts: a port that is taken must not stop it in the middle.
            page = held.enter_context(network.bind_at(state.url))
            state = replace(state, url=network.url_of(page))
            if state.lan:
                state = replace(state, lan=f"http://{urlsplit(state.lan).hostname}:{urlsplit(state.url).port}/")
            ports = held.enter_context(closing(parts.bind_agent(state)))
            sockets: dict[str, parts.Bound] = {"agent": ports, "proxy": page}
            if "network" in parts.expected(state):  # else its process starts when the network is back
                sockets["network"] = held.enter_context(network.bind_at(parts.url("network", state)))
            watcher = {name: each for name, each in state.processes.items() if name == "watcher"}
            state = replace(state, xray=ports.xray, daemon=ports.daemon, processes=watcher, ready=False)
            with step("starting the engine"):
                state = self._start_engine(state)
            with step("deploying the template"):
                state = self._deploy(state)
            engine.start_journal(state.aws, state.outputs)
            done = self._put_back(state, step)
            with step("starting the proxy"):
                for part, bound in sockets.items():
                    state = self._launch(part, state, bound)
                for part in sockets:
                    parts.wait_until_ready(part, self._children[part], state, self.home)
        with step("waiting for the first answer"):
            proxy_process.wait_until_healthy(state.url, self.home)
        state = replace(state, ready=True)
        self.home.save(state)
        return state, done

    def _put_back(self, state: State, step: Step) -> PutBack:
        if not self.home.has_journal():
            return PutBack()
        from lastwish.local.put_back import put_back  # with the functions' own code: most starts do without

        with step("putting back what the journal holds"):
            return put_back(state, self.home)

    def _start_engine(self, state: State) -> State:
        with interrupts.deferred():
            process, url = engine.start(state, self.home)
            state = self._save_process("engine", process, replace(state, engine=url))
        engine.wait_until_ready(process, state.aws, self.home)
        return state

    def _deploy(self, state: State) -> State:
        deployed = deploy.deploy(state.aws, self.home, state.public)
        composites.put(state.aws, STACK, environment.template())
        deploy.write_env_file(state.aws, self.home.env_file)
        outputs = {**deployed.outputs, "ApiUrl": state.url, "SiteUrl": state.url}
        state = replace(state, outputs=outputs, stage_path=deployed.stage_path)
        if "UserPoolId" not in outputs:
            return replace(state, operator=None)
        if state.operator:  # else somebody has removed the account
            operators = Operators(engine_client("cognito-idp", state.aws), outputs)
            operators.add(state.operator.username, state.operator.password)
        return state

    def _launch(self, part: str, state: State, bound: parts.Bound) -> State:
        with interrupts.deferred():
            return self._save_process(part, parts.start(part, state, self.home, bound), state)

    def _launch_watcher(self, state: State) -> State:
        command = [sys.executable, "-m", "lastwish.local.watch", str(self.home.path)]
        own = environment.own_settings() | {"LASTWISH_TEMPLATE": str(environment.template())}
        env = environment.clean(self.home, state.key) | own
        with interrupts.deferred():
            process = spawn(command, env, self.home.log("watcher"), cwd=self.home.path)
            return self._save_process("watcher", process, state)

    def _save_process(self, part: str, process: "subprocess.Popen[bytes]", state: State) -> State:
        """Save a process to disk as soon as it exists, so that others find it even if this command is killed."""
        if part in self._children:
            self._children[part].poll()
        self._children[part] = process
        try:
            return self._save_pid(part, process.pid, state)
        except OSError:  # a full disk: nobody would find it, and it would hold its port
            process.kill()
            process.wait()
            raise

    def _save_pid(self, part: str, pid: int, state: State) -> State:
        state = replace(state, processes=state.processes | {part: ProcessId.of(pid)})
        self.home.save(state)
        return state

    def down(self) -> list[str]:
        """Stop all parts of the stack that run, and delete its wishes. Returns the names of the parts."""
        state = self.home.load()
        self._stop_watcher(state)  # before the lock, which it may hold
        with self.home.lock():
            stopped = self._stop(state)
            self.home.delete_journal()
            rotate(self.home.ledger)
        return stopped

    def _stop_watcher(self, state: State | None) -> None:
        if state and state.runs("watcher"):
            self.home.delete_state()  # one in a terminal sees that its stack is stopped on purpose
            stop(state.processes["watcher"])

    def stop_if_started_here(self) -> bool:
        """Stop the stack, but keep its wishes, if this object started it and nobody stopped or took it over since."""
        state = self.home.load()
        if not (state and self._watcher and state.processes.get("watcher") == self._watcher):
            return False
        with self.home.lock():
            self._stop()
        return True

    def _stop(self, state: State | None = None) -> list[str]:
        with interrupts.ignored():
            state = self.home.load() or state
            self.home.delete_state()
            return self._stop_parts(state)

    def _stop_parts(self, state: State | None) -> list[str]:
        there = state.processes if state else {}
        stopped = [name for name in _STOP_ORDER if name in there and stop(there[name])]
        kill_marked(str(self.home.path))
        for child in self._children.values():
            child.wait()
        self._children.clear()
        self.home.clear_tmp()
        return stopped

    def reap(self) -> None:
        """Take note of children that have ended: they are zombies until then."""
        for child in self._children.values():
            child.poll()


def _who_watches(state: State) -> str:
    if state.ready and all(map(state.runs, parts.expected(state))):
        return f"already running at {state.url}: `lastwish down` stops it, and deletes its wishes"
    return "parts of this stack died and are being started again: wait, and see `lastwish status`"


def _planned(former: State | None, port: int | None, address: str | None) -> State:
    """Return a state with what is kept of a former stack, and the addresses that are asked for."""
    if former is None or not former.key:  # an older version had none
        former = State("", key=new_key(), operator=Operator(PRESENTER, password()))
    if port is None:
        port = urlsplit(former.url).port or USUAL_PORT
    lan = f"http://{address}:{port}/" if address else None
    return replace(former, url=f"http://{environment.HOST}:{port}/", lan=lan)


def _words(done: PutBack) -> str:
    return "; ".join(["started again", *done.words()])
