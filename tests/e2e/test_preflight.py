"""`lastwish preflight` on this laptop: it names what is wrong, measures a hall, and leaves the stack as it was."""

import json
from typing import Any

import pytest

from lastwish.local.network import default_address
from tests.support.laptop import Laptop, Stack


def preflight(laptop: Laptop, *options: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code and the checks by name."""
    done = laptop.run("preflight", "--json", *options)
    facts = json.loads(done.stdout)
    assert facts["ok"] == (done.returncode == 0), done.stderr
    return done.returncode, {each["name"]: each for each in facts["checks"]}


@pytest.fixture
def clean(stack: Stack) -> Stack:
    """The shared stack without the wishes of other tests."""
    assert stack.run("reset").returncode == 0
    return stack


def test_where_nothing_runs_it_says_to_start_it(laptop: Laptop) -> None:
    code, checks = preflight(laptop)
    assert code == 1
    assert list(checks) == ["stack"]
    assert "lastwish up --lan" in checks["stack"]["advice"]


def test_a_hall_is_measured_and_leaves_nothing_behind(clean: Stack) -> None:
    _, checks = preflight(clean.laptop)
    assert checks["hall"]["ok"], checks["hall"]["advice"]
    assert "wishes in 10 s" in checks["hall"]["advice"]
    audited = json.loads(clean.run("audit", "--json").stdout)
    assert (audited["ok"], audited["accepted"], audited["stored"]) == (True, 0, 0)


def test_nothing_is_sent_among_an_audiences_wishes(clean: Stack) -> None:
    assert clean.run("submit", "Feed the cat", "--to", "mars").returncode == 0
    _, checks = preflight(clean.laptop)
    assert not checks["hall"]["ok"]
    assert "lastwish reset" in checks["hall"]["advice"]
    assert len(clean.stored()) == 1


def test_a_stack_for_this_machine_only_is_no_place_for_phones(stack: Stack) -> None:
    code, checks = preflight(stack.laptop, "--no-measure")
    assert code == 1
    assert checks["stack"]["ok"]
    assert "hall" not in checks
    for name in ("phones", "wall"):
        assert not checks[name]["ok"]
        assert "lastwish up --lan" in checks[name]["advice"]


def test_a_stack_on_the_network_is_ready_as_far_as_can_be_seen_from_here(laptop: Laptop) -> None:
    if default_address() is None:
        pytest.skip("this machine is on no network")
    assert laptop.run("up", "--detach", "--lan", "--port", "0", "--no-open").returncode == 0
    code, checks = preflight(laptop, "--no-measure")
    assert code == 0, checks
    assert "try one" in checks["phones"]["advice"]
    laptop.run("down")
