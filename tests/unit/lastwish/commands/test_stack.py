"""Command `up`: what it says of a stack that it found, and mended. No part is started."""

import os
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from lastwish.commands.stack import app
from lastwish.local.processes import ProcessId
from lastwish.local.stack import LocalStack
from lastwish.local.state import Home, PutBack, State

US, GONE = ProcessId.of(os.getpid()), ProcessId(os.getpid(), 1.0)


@pytest.fixture
def up(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Callable[[ProcessId], str]:
    """Type `up --detach` over a stack without a watcher, whose agent was started again once, and is a process now."""
    monkeypatch.setenv("LASTWISH_HOME", f"{tmp_path}/home")
    monkeypatch.setattr("lastwish.local.stack.stop", lambda _process: True)  # the engine is this very process
    monkeypatch.setattr("lastwish.local.parts.expected", lambda _state: ["engine", "agent"])
    monkeypatch.setattr(LocalStack, "_launch_watcher", lambda stack, state: stack._save_pid("watcher", US.pid, state))
    monkeypatch.setattr(LocalStack, "restart", lambda stack, part, _why: stack.remember(part, "died now", PutBack()))
    home = Home.from_environment()
    home.create()

    def run(agent: ProcessId) -> str:
        home.save(State("http://127.0.0.1:1/", processes={"engine": US, "agent": agent}, ready=True))
        LocalStack(home).remember("agent", "died before", PutBack())
        done = CliRunner().invoke(app, ["up", "--detach", "--no-open"])
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_up_says_what_it_started_again(up: Callable[[ProcessId], str]) -> None:
    said = up(GONE)

    assert "the agent died now: started again" in said
    assert "died before" not in said


def test_up_that_only_watches_repeats_no_old_restart(up: Callable[[ProcessId], str]) -> None:
    assert "started again" not in up(US)
