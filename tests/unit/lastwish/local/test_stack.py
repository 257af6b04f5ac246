"""Local stack: which commands may stop it, and what it keeps. No part is started."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lastwish.aws.operators import Operator
from lastwish.local.processes import ProcessId
from lastwish.local.stack import LocalStack
from lastwish.local.state import Home, PutBack, State

US, ANOTHER = ProcessId.of(os.getpid()), ProcessId.of(os.getppid())

PRESENTER = Operator("presenter", "a secret")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def started(home: Home, monkeypatch: pytest.MonkeyPatch) -> LocalStack:
    """One that this process found running without a watcher, and watches since."""
    monkeypatch.setattr("lastwish.local.stack.stop", lambda _process: True)  # the engine is this very process
    monkeypatch.setattr("lastwish.local.parts.expected", lambda _state: ["engine"])
    home.save(State("http://127.0.0.1:1/", processes={"engine": US}, ready=True, operator=PRESENTER, key="LWKEY"))
    local = LocalStack(home)
    local.up()
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


def planned(home: Home, monkeypatch: pytest.MonkeyPatch, port: int | None = None) -> State:
    """What an `up` is about to start."""
    plans: list[State] = []

    def start(_stack: LocalStack, plan: State, _step: object) -> tuple[State, PutBack]:
        plans.append(plan)
        home.save(plan)
        return plan, PutBack()

    monkeypatch.setattr(LocalStack, "_start", start)
    monkeypatch.setattr("lastwish.local.parts.expected", lambda _state: [])
    LocalStack(home).up(port)
    return plans[0]


def test_an_up_after_ctrl_c_has_the_port_the_key_and_the_password_of_before(
    home: Home, started: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    started.remember("agent", "died", PutBack())
    started.stop_if_started_here()
    state = planned(home, monkeypatch)

    assert (state.url, state.key, state.operator) == ("http://127.0.0.1:1/", "LWKEY", PRESENTER)
    assert (state.processes, state.restarts) == ({}, ())


def test_an_up_after_ctrl_c_has_another_port_where_one_is_asked_for(
    home: Home, started: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    started.stop_if_started_here()
    state = planned(home, monkeypatch, port=2)

    assert (state.url, state.operator) == ("http://127.0.0.1:2/", PRESENTER)


@pytest.mark.parametrize("stopped_before", [True, False])
def test_an_up_after_down_begins_anew(
    home: Home, started: LocalStack, monkeypatch: pytest.MonkeyPatch, *, stopped_before: bool
) -> None:
    if stopped_before:
        started.stop_if_started_here()
    LocalStack(home).down()
    state = planned(home, monkeypatch)

    assert state.url == "http://127.0.0.1:8045/"
    assert "LWKEY" not in home.state_file.read_text()
    assert state.operator != PRESENTER
