"""A share of the simulation with seeds that never change. ``make soak`` runs others, for as long as one likes."""

import re
import subprocess
import sys

import pytest

from tests.simulation.faults import ALL_FAULTS
from tests.simulation.sabotage import SABOTAGES
from tests.support import ROOT

HISTORIES = 400


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run histories in a process of their own: it changes the clock, and what botocore's clients are."""
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_no_history_breaks_the_promise() -> None:
    done = simulate("--seeds", f"0:{HISTORIES}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{HISTORIES} histories" in done.stdout


def test_the_readme_explains_every_fault() -> None:
    rows = re.findall(r"^\| ([a-z][a-z, -]+) \| ", (ROOT / "tests/simulation/README.md").read_text(), re.MULTILINE)
    assert sorted(name for row in rows[2:] for name in row.split(", ")) == sorted(ALL_FAULTS)


def test_a_seed_is_the_same_history_every_time() -> None:
    first, second = (simulate("--seed", "5").stdout for _ in range(2))
    assert first == second
    assert "seed 5: " in first


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_known_sabotage_is_found(name: str) -> None:
    sabotage = SABOTAGES[name]
    done = simulate("--seeds", f"0:{sabotage.histories}", "--sabotage", name)
    assert done.returncode == 1, done.stdout + done.stderr
    assert sabotage.found in done.stdout
    assert "Traceback" not in done.stderr
