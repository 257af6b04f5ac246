"""Stacks that start, or fail to, in the background and in the foreground, and what is left of them."""

import json
import signal
import socket
from pathlib import Path

import pytest

from lastwish.local import foreground
from lastwish.local.stack import LocalStack
from lastwish.local.state import Home
from tests.support import ROOT
from tests.support.laptop import PATIENCE, Laptop, Stack, wait_until

# --- what ends before there is a stack --------------------------------------------------------------------------------


def test_down_without_up_says_that_nothing_was_running(laptop: Laptop) -> None:
    done = laptop.run("down", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout) == {"running": False, "stopped": []}
    assert "nothing was running" in laptop.run("down").stdout


@pytest.mark.parametrize("command", [["status"], ["reset"], ["retry"], ["submit", "hello", "--to", "mars"]])
def test_a_command_without_a_stack_says_so(laptop: Laptop, command: list[str]) -> None:
    done = laptop.run(*command, "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["running"] is False
    assert "nothing is running" in done.stderr


def test_a_taken_port_is_named_before_anything_starts(laptop: Laptop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = laptop.run("up", "--detach", "--port", str(port))

    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert not (laptop.home / "engine.log").exists()


def test_a_failed_deploy_says_why_and_leaves_nothing(laptop: Laptop, tmp_path: Path) -> None:
    elsewhere = tmp_path / "template.yaml"  # without the code that it speaks of
    for file in ("template.yaml", "observability.yaml", "edge.yaml", "memory.yaml"):
        (tmp_path / file).write_text((ROOT / file).read_text())
    done = laptop.run("up", "--detach", "--json", "--port", "0", LASTWISH_TEMPLATE=str(elsewhere))

    assert done.returncode == 1
    assert "deploy failed" in json.loads(done.stdout)["error"]
    assert "CodeUri" in done.stderr
    assert "Traceback" not in done.stderr
    assert laptop.is_clean()


def test_ctrl_c_during_the_start_leaves_nothing(laptop: Laptop) -> None:
    starting = laptop.start("up", "--port", "0")
    assert wait_until((laptop.home / "deploy.log").exists)
    starting.send_signal(signal.SIGINT)
    _, said = starting.communicate(timeout=PATIENCE)

    assert starting.returncode == 130
    assert "interrupted" in said
    assert laptop.is_clean()


def test_down_removes_what_a_killed_up_left(laptop: Laptop) -> None:
    starting = laptop.start("up", "--port", "0")
    assert wait_until((laptop.home / "deploy.log").exists)
    starting.kill()
    starting.communicate(timeout=PATIENCE)
    done = laptop.run("down", "--json")

    assert "engine" in json.loads(done.stdout)["stopped"]
    assert laptop.is_clean()


# --- in the foreground ------------------------------------------------------------------------------------------------


def test_in_the_foreground_a_dead_engine_is_started_again_until_ctrl_c_stops_all(laptop: Laptop) -> None:
    running = laptop.start("up", "--json", "--port", "0")
    try:
        assert running.stdout is not None
        stack = Stack(laptop, **json.loads(running.stdout.readline()))
        assert stack.pids["watcher"] == running.pid
        stack.kill("engine")

        assert wait_until(stack.works)
        assert stack.pid("engine") != stack.pids["engine"]
    finally:
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=PATIENCE)

    assert running.returncode == 0
    assert "the engine died: started again" in said
    assert "stopped: `lastwish up` puts 0 wishes back" in said
    assert laptop.is_clean()


def test_down_from_another_terminal_ends_the_foreground(laptop: Laptop) -> None:
    running = laptop.start("up", "--json", "--port", "0")
    assert running.stdout is not None
    assert json.loads(running.stdout.readline())["url"]
    done = laptop.run("down", "--json")
    _, said = running.communicate(timeout=PATIENCE)

    assert json.loads(done.stdout)["stopped"] == ["proxy", "agent", "engine"]
    assert running.returncode == 0
    assert "stopped by another command" in said
    assert laptop.is_clean()


def test_an_up_in_a_terminal_that_was_killed_leaves_a_stack_that_the_next_one_takes_over(laptop: Laptop) -> None:
    running = laptop.start("up", "--json", "--port", "0")
    assert running.stdout is not None
    stack = Stack(laptop, **json.loads(running.stdout.readline()))
    running.kill()
    running.communicate(timeout=PATIENCE)
    said = json.loads(stack.run("status", "--json").stdout)
    assert said["health"]["watcher"].startswith("is dead")
    assert {said["health"][part] for part in ("engine", "agent", "proxy", "api")} == {"ok"}

    taken_over = json.loads(stack.run("up", "--detach", "--json").stdout)

    assert taken_over["pids"] == {**stack.pids, "watcher": stack.pid("watcher")}
    assert stack.works()
    stack.run("down")
    assert laptop.is_clean()


def test_a_signal_between_the_announcement_and_the_watch_stops_the_stack_too(laptop: Laptop) -> None:
    local = LocalStack(Home(laptop.home))

    ended = foreground.run(local, lambda: local.up(0), lambda _: signal.raise_signal(signal.SIGTERM), note=print)

    assert ended == "stopped: `lastwish up` puts 0 wishes back, `lastwish down` deletes them"
    assert laptop.is_clean()
