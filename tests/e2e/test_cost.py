"""`lastwish cost` on the local engine: what it measures is counted, and what it does not is said."""

import json
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
        assert (each["used_mb"], each["concurrency"], each["memory_mb"]) == (None, None, 512)
    assert found["per_million"] == pytest.approx(found["dollars"] / found["wishes"] * 1e6)


def test_in_words_it_says_that_a_laptop_measures_less(stack: Stack) -> None:
    done = stack.run("cost")
    assert done.returncode == 0, done.stderr
    assert "log bytes: ?" in done.stdout
    assert "(estimated)" in done.stdout
    assert "a laptop's, not AWS's" in done.stderr
