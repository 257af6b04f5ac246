"""Processes of a real stack are killed while people send wishes: it serves again, and every promise is kept.

The long form: KILLS_SECONDS=600 KILLS_SEED=7 .venv/bin/pytest -s tests/e2e/test_kills.py
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.support.laptop import Laptop, Stack, start_detached, wait_until
from tests.support.senders import Senders, sending

SECONDS = float(os.environ.get("KILLS_SECONDS", "0"))
SEED = int(os.environ.get("KILLS_SEED") or random.randrange(10**6))
BACK = 180.0  # seconds until it serves again, whatever died: some ten on a machine that does nothing else
SETTLED = 240.0  # seconds that the chain may take to come to rest, on a busy machine

EACH_ONCE = [("functions",), ("agent",), ("proxy",), ("engine",), ("watcher", "engine"), ("watcher", "agent", "proxy")]
VICTIMS = ["functions", "agent", "proxy", "engine", "watcher"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that only this file uses."""
    running = start_detached(Laptop(tmp_path_factory.mktemp("kills") / "home"))
    yield running
    running.run("down")
    assert running.laptop.is_clean()


def kill(stack: Stack, victims: tuple[str, ...]) -> None:
    if "watcher" in victims:
        stack.kill("watcher")  # first: it must not start again what dies after it
    if "functions" in victims:
        for each in functions(stack):
            each.kill()
    stack.kill(*(each for each in victims if each not in {"watcher", "functions"}))


def functions(stack: Stack) -> list[psutil.Process]:
    """The processes in which the engine runs functions."""
    try:
        return psutil.Process(stack.pid("engine")).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def serves_again(stack: Stack, senders: Senders) -> bool:
    """Whether everything works, and a wish is accepted that was sent after that."""
    if not wait_until(stack.works, BACK):
        return False
    before = len(senders.accepted)
    return wait_until(lambda: len(senders.accepted) > before, BACK)


def audited(stack: Stack) -> dict[str, Any]:
    """Try at once all that waits, as often as it takes, and return what the audit says at rest."""
    found: dict[str, Any] = {}

    def at_rest() -> bool:
        tried = json.loads(stack.run("retry", "--json").stdout)
        found.update(json.loads(stack.run("audit", "--json", "--settle", "15").stdout))
        return bool(not tried["waiting"] and found["ok"] and not found["in_flight"])

    wait_until(at_rest, SETTLED)
    return found


def plan() -> Iterator[tuple[str, ...]]:
    """What is killed next: each part once, or at random for as long as was asked for."""
    if not SECONDS:
        yield from EACH_ONCE
        return
    sys.stderr.write(f"\nKILLS_SEED={SEED}\n")
    chance, end = random.Random(SEED), time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(chance.uniform(0, 10))
        yield tuple(chance.sample(VICTIMS, chance.choice([1, 1, 1, 2, 3, 5])))


def test_whatever_is_killed_it_serves_again_and_keeps_every_promise(stack: Stack) -> None:
    with sending(stack.url) as senders:
        assert wait_until(lambda: len(senders.accepted) > 5)
        for victims in plan():
            kill(stack, victims)
            if "watcher" in victims:
                assert stack.run("up", "--detach").returncode == 0, victims
            assert serves_again(stack, senders), victims
    found = audited(stack)

    assert found["differences"] == []
    assert found["accepted"] == len(senders.accepted) == found["stored"] + found["dead_lettered"]
    assert found["ok"]
