"""Local stack: which commands may stop it, and what it keeps. No part is started."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lastwish.local.processes import ProcessId
from lastwish.local.stack import LocalStack
from lastwish.local.state import Home, State

US, ANOTHER = ProcessId.of(os.getpid()), ProcessId.of(os.getppid())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def started(home: Home, monkeypatch: pytest.MonkeyPatch) -> LocalStack:
    """One that this process found running without a watcher, and watches since."""
    monkeypatch.setattr("lastwish.local.parts.expected", lambda _state: ["engine"])
    home.save(State("http://127.0.0.1:1/", processes={"engine": US}, ready=True))
    local = LocalStack(home)
    local.up()
    monkeypatch.setattr("lastwish.local.stack.stop", lambda _process: True)  # the engine is this very process
    return local


def test_who_started_a_stack_stops_it(home: Home, started: LocalStack) -> None:
    assert started.stop_if_started_here()
    assert home.load() is None


def test_a_stack_that_another_up_watches_now_is_left_to_it(home: Home, started: LocalStack) -> None:
    state = home.load()
    assert state
    taken_over = replace(state, processes=state.processes | {"watcher": ANOTHER})
    home.save(taken_over)

    assert not started.stop_if_started_here()
    assert home.load() == taken_over
