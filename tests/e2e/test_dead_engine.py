"""A stack to break: emptied by `reset`, then its engine is killed under a load, and nobody starts another one."""

import json
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from lastwish.local.proxy.ledger import promised
from tests.support.laptop import Laptop, Stack, start_detached, wait_until


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that only this file uses."""
    running = start_detached(Laptop(tmp_path_factory.mktemp("dead-engine") / "home"))
    yield running
    running.run("down")
    assert running.laptop.is_clean()


@pytest.fixture(scope="module")
def loading(own_stack: Stack) -> Iterator["subprocess.Popen[str]"]:
    """A load of it, under way. It gives each wish up after a second."""
    assert own_stack.run("reset").returncode == 0
    options = ("--wishes", "150", "--over", "15", "--give-up", "1", "--settle", "0")
    running = own_stack.laptop.start("load", "--json", *options, "--report", str(own_stack.home / "load.html"))
    assert wait_until(lambda: len(promised(own_stack.home / "ledger.jsonl")) > 5)
    yield running
    running.kill()


@pytest.fixture(scope="module")
def without_engine(own_stack: Stack, loading: "subprocess.Popen[str]") -> Stack:
    """The same stack after its engine was killed under the load."""
    assert loading.poll() is None
    own_stack.kill("watcher", "engine")
    return own_stack


def test_reset_empties_the_stack_and_the_ledger(own_stack: Stack) -> None:
    assert own_stack.run("submit", "soon forgotten", "--to", "mars").returncode == 0
    done = own_stack.run("reset", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["running"] is True
    assert own_stack.stored() == promised(own_stack.home / "ledger.jsonl") == []


def test_a_wish_boards_after_a_reset(own_stack: Stack) -> None:
    assert own_stack.run("reset").returncode == 0
    assert own_stack.run("submit", "a fresh start", "--to", "mars").returncode == 0
    assert len(own_stack.stored()) == 1


def test_a_load_whose_engine_dies_still_reports(without_engine: Stack, loading: "subprocess.Popen[str]") -> None:
    out, errors = loading.communicate(timeout=120)
    found = json.loads(out)
    assert loading.returncode == 1, errors
    assert found["failures"][0].startswith("the audit failed")
    assert found["audit_ok"] is None
    assert 5 < found["accepted"] < 150
    assert found["given_up"] == 150 - found["accepted"]
    assert "The audit failed" in (without_engine.home / "load.html").read_text()


def test_status_says_that_the_engine_is_dead(without_engine: Stack) -> None:
    done = without_engine.run("status", "--json")

    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["running"] is False
    assert said["health"]["engine"].startswith("is dead")
    assert said["health"]["proxy"] == "ok"


def test_a_wish_for_a_dead_engine_is_not_promised(without_engine: Stack) -> None:
    before = promised(without_engine.home / "ledger.jsonl")
    answer = httpx.post(f"{without_engine.url}wishes", json={"message": "hello", "destination": "mars"}, timeout=60)

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"].isdecimal()
    assert promised(without_engine.home / "ledger.jsonl") == before


def test_a_submit_that_nobody_takes_ends_with_a_plain_line(without_engine: Stack) -> None:
    done = without_engine.run("submit", "hello", "--to", "mars", "--timeout", "2", "--json")

    assert done.returncode == 1
    assert "refused" in json.loads(done.stdout)["error"]
    assert "Traceback" not in done.stderr


def test_down_removes_what_a_killed_engine_left(without_engine: Stack) -> None:
    done = without_engine.run("down", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["running"] is False
    assert without_engine.laptop.is_clean()
