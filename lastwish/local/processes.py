"""Start processes in a session of their own, recognise them later, and stop them with all their children.

A process is known by pid and start time together: its pid alone may belong to another process by the time it is read
back. All that it starts stays in its session, so its orphans can be found after somebody killed it. All of them have a
mark in their environment, for the moment between the start of a process and its record on disk, and since after a
reboot a session of somebody else may have the number.
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

from lastwish.polling import wait_until

GRACE = 8.0  # seconds between SIGTERM and SIGKILL
POLL = 0.05
MARK = "LASTWISH_STACK"  # environment variable; its value is the state directory
_EPOCH = 1e9  # seconds: no machine runs for 30 years


@dataclass(frozen=True)
class ProcessId:
    """A process of ours. `create_time` is in seconds since boot, which no step of the clock moves (Mac: since 1970)."""

    pid: Annotated[int, Field(gt=0, lt=2**31)]
    create_time: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """Return the identity of a process that was started just now."""
        return cls(pid, _started(pid))

    def alive(self) -> bool:
        """Return whether this very process still runs. A zombie does not."""
        return _is_running(self.pid) and _is_same(self.pid, self.create_time)


def spawn(
    command: Sequence[str], env: dict[str, str], log: Path, cwd: Path, **options: Any
) -> "subprocess.Popen[bytes]":
    """Start a process in its own session (Ctrl-C does not reach it), both its outputs appended to `log`."""
    with open(log, "ab", opener=private) as output:
        return subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,  # what it writes may hold what people typed, or a key
            **options,
        )


def private(path: str, flags: int) -> int:
    """Open a file that only its owner may read, as an `opener` of `open`."""
    return os.open(path, flags, 0o600)


def failure_to_start(
    process: "subprocess.Popen[bytes]", answers: Callable[[], bool], seconds: float, log: Path
) -> str | None:
    """Wait until a process of ours answers. Returns None then; the reason when it ends first, or takes too long."""
    deadline = time.monotonic() + seconds
    while not answers():
        if process.poll() is not None:
            return f"{tail(log) or f'it ended with code {process.returncode}'} (see {log})"
        if time.monotonic() > deadline:
            return f"it did not answer within {seconds:g} s (see {log})"
        time.sleep(0.1)
    return None


def stop(process: ProcessId, grace: float = GRACE) -> bool:
    """Stop a process and everything in its session: SIGTERM, up to `grace` seconds, SIGKILL.

    Returns whether anything ran. Stops nothing when the pid now belongs to another process.
    """
    was_running = bool(session_of(process))
    if process.alive():
        _signal(process.pid, signal.SIGTERM)
    wait_until(lambda: not process.alive(), grace, POLL)
    # It had the time to stop its own children: kill what is left of the session.
    _kill_all(lambda: session_of(process), grace)
    return was_running


def session_of(process: ProcessId) -> list[int]:
    """Return the pids that still run in the session that this process leads or led, without zombies."""
    if psutil.pid_exists(process.pid) and not _is_same(process.pid, process.create_time):
        return []  # the pid was reused, so no session of ours can still have this number
    there = [pid for pid in psutil.pids() if _session(pid) == process.pid and _is_running(pid)]
    return [pid for pid in there if pid == process.pid or _mark_of(pid)]


def kill_marked(mark: str) -> None:
    """Kill all processes with this mark: a killed `up` may have started one that it did not record yet."""
    _kill_all(lambda: _pids_with(mark), GRACE)


def _kill_all(find: Callable[[], list[int]], seconds: float) -> None:
    """Kill the processes that `find` returns, until it returns none."""

    def none_left() -> bool:
        for pid in (left := find()):
            _signal(pid, signal.SIGKILL)
        return not left

    wait_until(none_left, seconds, POLL)


def _pids_with(mark: str) -> list[int]:
    return [pid for pid in psutil.pids() if pid != os.getpid() and _mark_of(pid) == mark]


def _mark_of(pid: int) -> str | None:
    try:
        return psutil.Process(pid).environ().get(MARK)
    except (psutil.Error, OSError):  # gone, a zombie, or of another user
        return None


def tail(log: Path, lines: int = 1) -> str:
    """Return the last lines of a log that are not blank, in one line; empty when there is none."""
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


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _is_same(pid: int, create_time: float) -> bool:
    if psutil.LINUX and create_time > _EPOCH:  # an older version saved it
        create_time -= psutil.boot_time()
    try:
        return abs(_started(pid) - create_time) < 1  # a pid is not reused within a second
    except psutil.Error:
        return False


def _started(pid: int) -> float:
    # psutil adds Linux's boot time, which moves with the clock. (Source: its documentation of both functions.)
    return psutil.Process(pid).create_time() - (psutil.boot_time() if psutil.LINUX else 0)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it ended by itself
        os.kill(pid, number)
