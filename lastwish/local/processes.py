"""Starts processes in a session of their own, knows them again later, and stops them with all their children.

A process is known by pid and start time together: a pid alone may belong to somebody else by the time it is read back.
Everything it starts stays in its session, so its orphans can be found after it was killed by hand; and all of them bear
a mark in their environment, for the moment between a process being started and being noted.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import psutil
from pydantic import Field

GRACE = 8.0  # seconds between "please stop" and the end
POLL = 0.05
MARK = "LASTWISH_STACK"  # its value is the state directory


@dataclass(frozen=True)
class ProcessId:
    """A process of ours. `create_time` is psutil's, in seconds since the epoch."""

    pid: Annotated[int, Field(gt=0, lt=2**31)]
    create_time: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """Identity of a process that was started just now."""
        return cls(pid, psutil.Process(pid).create_time())

    def alive(self) -> bool:
        """Whether this very process still runs. One that only waits to be reaped by its parent does not."""
        return _runs(self.pid) and _same(self.pid, self.create_time)


def spawn(
    command: Sequence[str], env: dict[str, str], log: Path, cwd: Path, **options: Any
) -> "subprocess.Popen[bytes]":
    """Start a process in its own session (Ctrl-C does not reach it), both its outputs appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )


def comes_up(process: "subprocess.Popen[bytes]", answers: Callable[[], bool], seconds: float) -> bool:
    """Wait for a process of ours to answer; False when it ends first, or takes too long."""
    deadline = time.monotonic() + seconds
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def stop(process: ProcessId, grace: float = GRACE) -> bool:
    """Stop a process and everything in its session: SIGTERM, up to `grace` seconds, SIGKILL.

    Returns whether there was anything to stop. Touches nothing when the pid now belongs to another process.
    """
    found = bool(session_of(process))
    if process.alive():
        _signal(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while process.alive() and time.monotonic() < deadline:
        time.sleep(POLL)
    # It had its chance to stop its own children: what is left of the session goes now.
    deadline = time.monotonic() + grace
    while (left := session_of(process)) and time.monotonic() < deadline:
        for pid in left:
            _signal(pid, signal.SIGKILL)
        time.sleep(POLL)
    return found


def session_of(process: ProcessId) -> list[int]:
    """Pids that still run in the session that this process leads (or led). Zombies do not count."""
    if psutil.pid_exists(process.pid) and not _same(process.pid, process.create_time):
        return []  # the pid was given away since, so no session of ours can still bear its number
    return [pid for pid in psutil.pids() if _session(pid) == process.pid and _runs(pid)]


def sweep(mark: str) -> None:
    """Kill whatever still runs with this mark: what a killed `up` had started but not noted yet."""
    deadline = time.monotonic() + GRACE
    while (left := _marked(mark)) and time.monotonic() < deadline:
        for pid in left:
            _signal(pid, signal.SIGKILL)
        time.sleep(POLL)


def _marked(mark: str) -> list[int]:
    return [pid for pid in psutil.pids() if pid != os.getpid() and _mark(pid) == mark]


def _mark(pid: int) -> str | None:
    try:
        return psutil.Process(pid).environ().get(MARK)
    except (psutil.Error, OSError):  # gone, a zombie, or somebody else's
        return None


def tail(log: Path, lines: int = 1) -> str:
    """The last lines of a log that say anything, in one line. Empty when there is none."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return " ".join([line.strip() for line in text.splitlines() if line.strip()][-lines:])


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _same(pid: int, create_time: float) -> bool:
    try:
        # A clock step shifts start times a little on some systems; a pid is not given away within a second.
        return abs(psutil.Process(pid).create_time() - create_time) < 1
    except psutil.Error:
        return False


def _signal(pid: int, which: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it went by itself
        os.kill(pid, which)
