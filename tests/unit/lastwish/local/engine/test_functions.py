"""Memory of real processes, as the engine's children: what names no function is none."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest

from lastwish.local.engine import functions

_USES_50_MB_AND_FREES_IT = "data = bytearray(50 << 20); del data; print('ready', flush=True); input()"


@pytest.fixture
def children() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes of one function, and one of none, below this process."""
    with ExitStack() as stack:
        started = []
        for name in ("worker-1", "worker-1", ""):
            command = [sys.executable, "-c", _USES_50_MB_AND_FREES_IT]
            env = os.environ | {"AWS_LAMBDA_FUNCTION_NAME": name}
            process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            started.append(stack.enter_context(process))
            stack.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
        yield started


def test_each_process_of_a_function_has_its_peak(children: list[subprocess.Popen[bytes]]) -> None:
    found = functions.memory_mb(os.getpid())
    assert list(found) == ["worker-1"]
    assert len(found["worker-1"]) == 2
    if psutil.LINUX:
        assert min(found["worker-1"]) >= 50


def test_where_no_peak_is_told_it_is_what_is_resident_now(
    children: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functions, "_PEAK", re.compile("no such line"))
    found = functions.memory_mb(os.getpid())["worker-1"]
    now = [round(psutil.Process(each.pid).memory_info().rss / 2**20) for each in children[:2]]
    assert sorted(found) == sorted(now)
    assert max(found) < 50


def test_a_process_that_ended_is_not_counted(children: list[subprocess.Popen[bytes]]) -> None:
    children[0].kill()
    children[0].wait()
    os.kill(children[1].pid, 9)  # nobody has waited for it: it is a zombie
    os.waitid(os.P_PID, children[1].pid, os.WEXITED | os.WNOWAIT)
    assert functions.memory_mb(os.getpid()) == {}


def test_an_engine_that_ended_has_no_functions() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert functions.memory_mb(gone.pid) == {}
