"""Local stack: what it leaves on disk and of its processes when something goes wrong. No part is a real one."""

import os
import subprocess
import sys
from pathlib import Path
from socket import socket

import pytest

from lastwish.local import network, parts
from lastwish.local.processes import ProcessId
from lastwish.local.stack import LocalStack
from lastwish.local.state import Home, State

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
GONE = ProcessId(os.getpid(), 1.0)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def test_a_part_that_cannot_be_saved_leaves_its_port_to_the_next_try(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def start(_part: str, _state: State, _home: Home, bound: socket) -> "subprocess.Popen[bytes]":
        bound.listen()
        started.append(subprocess.Popen(SLEEP, pass_fds=[bound.fileno()], start_new_session=True))
        return started[-1]

    def full(_state: State) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(parts, "start", start)
    monkeypatch.setattr(parts, "wait_until_ready", lambda *_: None)
    with network.bind(0) as bound:
        url = network.url_of(bound)
    home.save(State(url, processes={"proxy": GONE}, ready=True))
    local = LocalStack(home)
    try:
        with monkeypatch.context() as disk:
            disk.setattr(home, "save", full)
            with pytest.raises(OSError, match="no space left"):
                local.restart("proxy", "died")

        assert local.restart("proxy", "died").runs("proxy")
    finally:
        for each in started:
            each.kill()
            each.wait()
