"""A stack whose parts are killed: they come back by themselves, and `up` brings back what nobody watches."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.accounts import sign_in
from tests.support.laptop import Laptop, Stack, start_detached, wait_until

KEPT = ("url", "engine", "xray", "credentials", "operator")


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that only this file uses. Each test finds it whole, and leaves it so."""
    running = start_detached(Laptop(tmp_path_factory.mktemp("fragile") / "home"))
    yield running
    running.run("down")
    assert running.laptop.is_clean()


def status(stack: Stack) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(stack.run("status", "--json").stdout)
    return facts


def kept(stack: Stack) -> dict[str, Any]:
    facts = status(stack)
    return {name: facts[name] for name in KEPT}


def sends_a_wish(stack: Stack) -> bool:
    return stack.run("submit", "still here", "--to", "mars").returncode == 0


@pytest.mark.parametrize("part", ["agent", "proxy", "engine"])
def test_a_part_that_is_killed_comes_back_with_the_same_addresses_key_and_password(fragile: Stack, part: str) -> None:
    before, victim = kept(fragile), fragile.pid(part)
    fragile.kill(part)

    assert wait_until(lambda: fragile.works() and fragile.pid(part) != victim)
    assert kept(fragile) == before
    assert sign_in(status(fragile))
    assert sends_a_wish(fragile)
    last = status(fragile)["restarts"][-1]
    assert (last["part"], last["why"]) == (part, "died")
    assert f"{part}: 1 restart, " in fragile.run("status").stdout
    assert f"the {part} died: started again" in fragile.home.joinpath(f"{part}.log").read_text()


def test_while_the_engine_is_started_again_commands_say_so(fragile: Stack) -> None:
    fragile.kill("engine")

    assert wait_until(lambda: "it is being started" in fragile.run("status", "--json").stdout)
    up = fragile.run("up", "--detach")
    assert up.returncode == 1
    assert "wait" in up.stderr
    assert wait_until(fragile.works)


def test_a_watcher_that_is_killed_stops_nothing_and_up_starts_another(fragile: Stack) -> None:
    before = {part: fragile.pid(part) for part in ("engine", "agent", "proxy")}
    fragile.kill("watcher")
    assert not fragile.works()
    assert sends_a_wish(fragile)
    assert status(fragile)["health"]["watcher"].startswith("is dead")

    assert fragile.run("up", "--detach").returncode == 0

    assert fragile.works()
    assert {part: fragile.pid(part) for part in before} == before


@pytest.mark.parametrize(
    ("killed", "started"),
    [
        (("watcher", "proxy"), "proxy"),
        (("watcher", "engine"), "stack"),
        (("watcher", "engine", "agent", "proxy"), "stack"),
    ],
)
def test_up_starts_what_nobody_watched(fragile: Stack, killed: tuple[str, ...], started: str) -> None:
    before = kept(fragile)
    fragile.kill(*killed)
    done = fragile.run("up", "--detach", "--json")

    assert done.returncode == 0, done.stderr
    assert kept(fragile) == before
    assert json.loads(done.stdout)["restarts"][-1]["part"] == started
    assert sends_a_wish(fragile)


def test_up_goes_on_where_a_restart_was_killed(fragile: Stack) -> None:
    before = kept(fragile)
    fragile.kill("engine")
    assert wait_until(lambda: "it is being started" in fragile.run("status").stderr)
    fragile.kill("watcher")
    assert "`lastwish up` does it again" in fragile.run("status").stderr

    assert fragile.run("up", "--detach").returncode == 0
    assert kept(fragile) == before
    assert fragile.works()


def test_two_that_start_at_once_make_one_stack(fragile: Stack) -> None:
    fragile.kill("watcher", "engine")
    both = [fragile.laptop.start("up", "--detach") for _ in range(2)]
    ended = [(each.communicate(timeout=240)[1], each.returncode) for each in both]

    assert sorted(code for _, code in ended) == [0, 1]
    assert fragile.works()
    watchers = [each for each in fragile.laptop.processes() if "lastwish.local.watch" in each.cmdline()]
    assert len(watchers) == 1


def test_down_in_the_middle_of_a_restart_stops_all(tmp_path_factory: pytest.TempPathFactory) -> None:
    stack = start_detached(Laptop(tmp_path_factory.mktemp("stopped") / "home"))
    stack.kill("engine")
    assert wait_until(lambda: "it is being started" in stack.run("status").stderr)

    assert stack.run("down").returncode == 0
    assert stack.laptop.is_clean()
