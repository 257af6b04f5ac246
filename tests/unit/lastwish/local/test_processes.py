"""Processes are recognised by more than their pid, and stopped with all they started."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lastwish.local.processes import MARK, ProcessId, kill_marked, session_of, spawn, stop, tail

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# A parent that ignores SIGTERM, and a child that would outlive it.
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print('ready', flush=True)\n"
    "time.sleep(600)\n",
]
# One that ended, and left a process in its session.
DAEMON = [
    sys.executable,
    "-c",
    "import subprocess, sys\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print('child', child.pid, flush=True)\n",
]


def _start(command: list[str], tmp_path: Path) -> tuple["subprocess.Popen[bytes]", ProcessId]:
    process = spawn(command, dict(os.environ) | {MARK: str(tmp_path)}, tmp_path / "log", cwd=tmp_path)
    return process, ProcessId.of(process.pid)


def _wait_for(text: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while text not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_process_is_alive_until_it_is_stopped(tmp_path: Path) -> None:
    process, identity = _start(SLEEP, tmp_path)

    assert identity.alive()
    assert stop(identity)
    assert not identity.alive()
    process.wait()


def test_another_process_with_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    process, identity = _start(SLEEP, tmp_path)

    assert not stop(ProcessId(identity.pid, identity.create_time - 100))
    assert identity.alive()
    stop(identity)
    process.wait()


def test_a_step_of_the_clock_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    us, boot_time, create_time = ProcessId.of(os.getpid()), psutil.boot_time, psutil.Process.create_time
    monkeypatch.setattr(psutil, "boot_time", lambda: boot_time() + 5)  # as Linux has it after a step
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: create_time(process) + 5)

    assert us.alive()


def test_a_process_that_an_older_version_saved_is_known() -> None:
    assert ProcessId(os.getpid(), psutil.Process().create_time()).alive()
    assert not ProcessId(os.getpid(), psutil.Process().create_time() - 86_400).alive()


def test_after_a_reboot_a_session_of_somebody_else_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    other = spawn(DAEMON, {"PATH": os.environ["PATH"]}, tmp_path / "log", cwd=tmp_path)
    other.wait()
    stranger = psutil.Process(int((tmp_path / "log").read_text().split()[1]))
    try:
        assert not stop(ProcessId(other.pid, -86_400.0), grace=0.5)
        assert stranger.status() != psutil.STATUS_ZOMBIE
    finally:
        stranger.kill()


def test_a_process_that_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    process, identity = _start(STUBBORN, tmp_path)
    _wait_for("ready", tmp_path / "log")

    assert len(session_of(identity)) == 2
    assert stop(identity, grace=0.5)
    assert session_of(identity) == []
    process.wait()


def test_orphans_of_a_killed_process_are_found_and_stopped(tmp_path: Path) -> None:
    process, identity = _start(STUBBORN, tmp_path)
    _wait_for("ready", tmp_path / "log")
    process.kill()
    process.wait()

    assert len(session_of(identity)) == 1
    assert stop(identity)
    assert session_of(identity) == []


def test_only_processes_with_the_mark_are_killed(tmp_path: Path) -> None:
    ours = spawn(SLEEP, dict(os.environ) | {MARK: str(tmp_path)}, tmp_path / "log", cwd=tmp_path)
    other = spawn(SLEEP, dict(os.environ) | {MARK: "/another"}, tmp_path / "log", cwd=tmp_path)
    kill_marked(str(tmp_path))

    assert ours.wait() < 0
    assert other.poll() is None
    stop(ProcessId.of(other.pid))
    other.wait()


def test_stopping_a_process_that_has_ended_returns_false(tmp_path: Path) -> None:
    process, identity = _start([sys.executable, "-c", ""], tmp_path)
    process.wait()

    assert not stop(identity)


def test_the_tail_of_a_log_is_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("first\n\n  port in use  \n\n")

    assert tail(tmp_path / "log") == "port in use"
    assert tail(tmp_path / "none") == ""
