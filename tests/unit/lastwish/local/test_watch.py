"""Watcher: what it starts again, when it waits, and when it gives up. The clock is ours, no process is started."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest

from lastwish.errors import EngineFailed, ProxyFailed
from lastwish.local import watch
from lastwish.local.processes import ProcessId
from lastwish.local.stack import LocalStack
from lastwish.local.state import Home, PutBack, State
from lastwish.local.watch import MISSES, MOST, Watcher

DEAD = ProcessId(os.getpid(), 1.0)
ALIVE = ProcessId.of(os.getpid())
ANOTHER = ProcessId(1, 1.0)
PARTS = ("engine", "agent", "proxy", "watcher")


class Stack(LocalStack):
    """A stack whose parts are states on disk: `mends` is what a try to start one does, by default it lives again."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.tried: list[tuple[str, str]] = []
        self.mends: Callable[[str], object] = lambda part: self.set(part, ALIVE)

    def set(self, part: str, process: ProcessId) -> None:
        state = self.home.load()
        assert state
        self.home.save(replace(state, processes=state.processes | {part: process}))

    def restart(self, part: str, why: str) -> State:
        self.tried.append((part, why))
        self.mends(part)
        return self.remember(part, why, PutBack())


@dataclass
class Watched:
    """A watcher at work: each pause takes the next of `pauses`, and at the end of them somebody stops the stack."""

    stack: Stack
    now: float = 1000.0
    said: list[str] = field(default_factory=list)
    pauses: list[Callable[[], object]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.pauses:
            self.pauses.pop(0)()
        else:
            self.stack.home.delete_state()

    def run(self, *pauses: Callable[[], object]) -> None:
        self.pauses = list(pauses)
        Watcher(self.stack, self.said.append).run()

    def passes(self, seconds: float) -> None:
        self.now += seconds

    def kill(self, part: str) -> None:
        self.stack.set(part, DEAD)

    @property
    def results(self) -> list[str]:
        state = self.stack.home.load()
        assert state
        return [each.result for each in state.restarts]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    home = Home(tmp_path / "home")
    home.create()
    home.save(State("http://127.0.0.1:1/", processes=dict.fromkeys(PARTS, ALIVE), ready=True))
    watched = Watched(Stack(home))
    monkeypatch.setattr(watch, "time", watched)
    monkeypatch.setattr("lastwish.local.parts.answers", lambda _part, _state: True)
    return watched


@pytest.mark.parametrize("part", ["agent", "proxy", "engine"])
def test_a_dead_part_is_started_again_and_the_state_says_so(watched: Watched, part: str) -> None:
    found: list[str] = []
    watched.run(lambda: watched.kill(part), lambda: found.extend(watched.results))

    assert watched.stack.tried == [(part, "died")]
    assert found == ["started again"]
    assert watched.said == [f"the {part} died: started again"]


def test_nothing_is_started_while_all_live(watched: Watched) -> None:
    watched.run(*[lambda: watched.passes(60)] * 5)

    assert watched.stack.tried == []


def test_with_the_engine_all_others_start_again(watched: Watched) -> None:
    watched.run(lambda: [watched.kill(part) for part in ("agent", "engine", "proxy")], lambda: None)

    assert watched.stack.tried[0] == ("engine", "died")


def test_a_restart_that_was_killed_in_the_middle_is_done_again(watched: Watched) -> None:
    def ready(_part: str) -> None:
        state = watched.stack.home.load()
        assert state
        watched.stack.home.save(replace(state, ready=True))

    watched.stack.mends = ready
    state = watched.stack.home.load()
    assert state
    watched.stack.home.save(replace(state, ready=False))
    watched.run(lambda: None)

    assert watched.stack.tried == [("engine", "was not started to the end")]


def test_a_process_for_the_network_is_there_while_the_network_is(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = [False]
    monkeypatch.setattr("lastwish.local.network.own_addresses", lambda: {"192.0.2.1": True} if present[0] else {})
    state = watched.stack.home.load()
    assert state
    watched.stack.home.save(replace(state, lan="http://192.0.2.1:1/"))
    watched.run(lambda: watched.stack.tried.append(("nothing", "yet")), lambda: present.append(present.pop() or True))
    assert watched.stack.tried == [("nothing", "yet"), ("network", "died")]
    assert watched.said[:2] == [
        "http://192.0.2.1:1/ is gone: only this machine is served",
        "http://192.0.2.1:1/ is back",
    ]


def test_what_could_not_be_started_is_tried_again_after_a_pause_that_doubles(watched: Watched) -> None:
    times: list[float] = []

    def fail(_part: str) -> None:
        times.append(watched.now)
        if len(times) < 4:
            raise ProxyFailed("no port")
        watched.stack.set("proxy", ALIVE)

    watched.stack.mends = fail
    found: list[str] = []
    watched.run(lambda: watched.kill("proxy"), *[lambda: None] * 20, lambda: found.extend(watched.results))

    assert found == ["it was not started: no port"] * 3 + ["started again"]
    assert [round(b - a) for a, b in pairwise(times)] == [1, 2, 4]


def test_even_a_surprise_does_not_end_the_watch(watched: Watched) -> None:
    def surprise(_part: str) -> None:
        watched.stack.mends = lambda part: watched.stack.set(part, ALIVE)
        raise ZeroDivisionError("a surprise")

    watched.stack.mends = surprise
    watched.run(lambda: watched.kill("agent"), *[lambda: None] * 5)

    assert watched.stack.tried == [("agent", "died")] * 2


@pytest.mark.parametrize("part", ["agent", "proxy"])
def test_however_long_the_disk_is_full_what_died_is_started_when_it_has_room(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    save, disk = watched.stack.home.save, ["full"]

    def save_if_there_is_room(state: State) -> None:
        if disk:
            raise OSError("no space left")
        save(state)

    watched.kill(part)
    monkeypatch.setattr(watched.stack.home, "save", save_if_there_is_room)
    found: list[str] = []
    watched.run(*[lambda: None] * 300, disk.clear, *[lambda: None] * 100, lambda: found.extend(watched.results))

    assert found == ["started again"]


def test_what_could_not_be_noted_as_given_up_is_not_given_up(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    remember, disk = watched.stack.remember, ["full"]

    def remember_if_there_is_room(part: str, why: str, result: PutBack | str) -> State:
        if disk and "given up" in str(result):
            raise OSError("no space left")
        return remember(part, why, result)

    monkeypatch.setattr(watched.stack, "remember", remember_if_there_is_room)
    watched.stack.mends = lambda _part: None  # it dies at once
    with pytest.raises(EngineFailed, match="the proxy died again and again"):
        watched.run(lambda: watched.kill("proxy"), *[lambda: None] * 50, disk.clear, *[lambda: None] * 300)


def test_an_engine_that_dies_again_and_again_is_given_up(watched: Watched) -> None:
    watched.stack.mends = lambda _part: None  # it dies at once
    with pytest.raises(EngineFailed, match="the engine died again and again"):
        watched.run(lambda: watched.kill("engine"), *[lambda: None] * 200)

    assert len(watched.stack.tried) == MOST
    assert watched.results[-1] == f"given up after {MOST} tries in a row"


def test_without_an_agent_the_rest_is_still_watched(watched: Watched) -> None:
    watched.stack.mends = lambda part: None if part == "agent" else watched.stack.set(part, ALIVE)
    watched.run(lambda: watched.kill("agent"), *[lambda: None] * 200, lambda: watched.kill("proxy"), lambda: None)

    assert watched.stack.tried == [*[("agent", "died")] * MOST, ("proxy", "died")]


def test_a_part_that_dies_now_and_then_is_never_given_up(watched: Watched) -> None:
    watched.run(*[lambda: watched.kill("agent"), lambda: watched.passes(61)] * 2 * MOST)

    assert len(watched.stack.tried) == 2 * MOST


def test_a_part_that_hangs_is_started_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lastwish.local.parts.answers", lambda part, _state: part != "engine")
    watched.run(*[lambda: watched.passes(15)] * MISSES)

    assert watched.stack.tried == [("engine", f"did not answer {MISSES} times")]


def test_the_network_may_be_full_for_as_long_as_it_likes(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lastwish.local.network.own_addresses", lambda: {"192.0.2.1": True})
    monkeypatch.setattr("lastwish.local.parts.answers", lambda part, _state: part != "network")
    state = watched.stack.home.load()
    assert state
    watched.stack.home.save(replace(state, lan="http://192.0.2.1:1/", processes=state.processes | {"network": ALIVE}))
    watched.run(*[lambda: watched.passes(15)] * 2 * MISSES)

    assert watched.stack.tried == []


def test_a_part_that_is_slow_for_a_while_is_left_alone(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([*[False] * (MISSES - 1), True] * 3)
    monkeypatch.setattr("lastwish.local.parts.answers", lambda part, _state: part != "engine" or next(answers))
    watched.run(*[lambda: watched.passes(15)] * (3 * MISSES - 1))

    assert watched.stack.tried == []


def test_a_watcher_that_was_replaced_ends(watched: Watched) -> None:
    watched.run(lambda: watched.stack.set("watcher", ANOTHER), lambda: pytest.fail("it goes on"))


def test_a_watcher_of_its_own_waits_until_the_state_names_it(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    states, load, paused = iter([ANOTHER, ANOTHER]), Home.load, list[str]()

    def load_and_name(home: Home) -> State | None:
        watched.stack.set("watcher", next(states, ALIVE))
        return load(home)

    monkeypatch.setattr(watched.stack.home, "load", lambda: load(watched.stack.home))
    monkeypatch.setattr(Home, "load", load_and_name)
    monkeypatch.setattr(sys, "argv", ["watch", str(watched.stack.home.path)])
    watched.pauses = [lambda: paused.append("watches"), lambda: monkeypatch.setattr(Home, "load", lambda _home: None)]
    watch.main()

    assert paused == ["watches"]


def test_while_another_command_holds_the_lock_nothing_is_started(watched: Watched) -> None:
    lock = Home(watched.stack.home.path).lock()

    def kill_under_lock() -> None:
        lock.__enter__()
        watched.kill("agent")

    watched.run(
        kill_under_lock,
        lambda: watched.stack.tried.append(("nothing", "yet")),
        lambda: lock.__exit__(None, None, None),
        lambda: None,
    )

    assert watched.stack.tried == [("nothing", "yet"), ("agent", "died")]
