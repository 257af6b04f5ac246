"""`lastwish cost` on the local engine: what it measures is counted, and what it does not is said."""

import json
import os
import pty
import signal
import subprocess
from contextlib import suppress
from typing import Any

import pytest

from lastwish.observe import prices
from tests.support.laptop import Stack, wait_until

CHAIN = {"frontend", "parser", "worker", "projector"}


def asked(stack: Stack) -> Any:
    done = stack.run("cost", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_wish_costs_what_was_measured_and_the_rest_is_called_an_estimate(stack: Stack) -> None:
    assert stack.run("submit", "What do I cost?", "--to", "mars").returncode == 0
    assert wait_until(lambda: {each["service"] for each in asked(stack)["functions"]} >= CHAIN)
    found = asked(stack)
    items = {each["name"]: each for each in found["items"]}
    assert {name for name, each in items.items() if each["measured"]} == {
        "api requests", "lambda requests", "lambda GB-seconds, arm64",
    }  # fmt: skip
    assert items["api requests"]["dollars"] == pytest.approx(items["api requests"]["quantity"] * prices.REST_REQUEST)
    assert items["write units"]["quantity"] >= 2
    assert items["log bytes"] == {"name": "log bytes", "quantity": None, "dollars": 0, "measured": False}
    for each in found["functions"]:
        assert each["invocations"] > 0
        assert each["seconds"] > 0
        assert each["memory_mb"] == 512
        assert 20 < each["used_mb"] < 500
        assert each["concurrency"] >= 1
    assert not found["on_aws"]
    assert found["per_million"] == pytest.approx(found["dollars"] / found["wishes"] * 1e6)


def test_in_words_it_says_that_a_laptop_measures_less(stack: Stack) -> None:
    done = stack.run("cost")
    assert done.returncode == 0, done.stderr
    assert [line.split()[-2:] for line in done.stdout.splitlines() if "log bytes" in line] == [["not", "measured"]]
    assert "estimated" in done.stdout
    assert "this laptop's, not AWS's" in done.stdout


def test_in_a_terminal_it_follows_until_ctrl_c(stack: Stack) -> None:
    mine, terminal = pty.openpty()
    command, env = stack.laptop.command("cost", "--follow", TERM="xterm")
    with subprocess.Popen(command, env=env, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        try:
            assert read_until("this laptop's, not AWS's", mine)
            assert read_until("this laptop's, not AWS's", mine)  # anew
            process.send_signal(signal.SIGINT)
            assert read_until("this laptop's, not AWS's", mine)  # stays in the terminal
            assert process.wait(60) == 0
        finally:
            process.kill()
            os.close(mine)


def read_until(words: str, terminal: int) -> bool:
    """Read what comes to a terminal until these words come; return whether they came before its end."""
    read = b""
    with suppress(OSError):  # Linux, where the other end is closed
        while words.encode() not in read:
            if not (more := os.read(terminal, 1024)):
                break
            read += more
    return words.encode() in read
