"""`requirements/audit`, with the real pip-audit and a database of known weaknesses on loopback."""

import os
import subprocess

import pytest

from tests.support import ROOT
from tests.support.requirements import pins
from tests.support.weaknesses import Release, weakness_database

pytestmark = pytest.mark.skipif(
    not (ROOT / ".venv" / ".supply").exists(), reason="no pip-audit: make .venv/.supply installs it"
)

NOWHERE = "http://127.0.0.1:9"
KNOWN = ("jinja2", "3.1.2")  # the old release that `audit` asks about first
SETS = [ROOT / "requirements" / f"{name}.txt" for name in ("uv", "dev", "checkov", "supply", "mutmut")]
PINNED: set[Release] = {(pin.name, pin.version) for file in SETS for pin in pins(file)}


def audit(database: str, *sets: str) -> subprocess.CompletedProcess[str]:
    """Run the audit where PyPI does not answer."""
    environment = os.environ | {"HTTPS_PROXY": NOWHERE, "https_proxy": NOWHERE, "OSV_URL": database}
    return subprocess.run(
        [ROOT / "requirements" / "audit", *sets],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_pinned_package_is_looked_up() -> None:
    with weakness_database(weak={KNOWN}) as database:
        done = audit(database.url)
    assert done.returncode == 0, done.stderr
    assert database.asked == PINNED | {KNOWN}
    assert "NOT DONE" not in done.stdout


def test_a_known_weakness_fails_the_audit() -> None:
    [weak] = [release for release in PINNED if release[0] == "uv"]
    with weakness_database(weak={KNOWN, weak}) as database:
        done = audit(database.url, "uv")
    assert done.returncode == 1
    assert "OSV-uv" in done.stdout


def test_a_package_that_cannot_be_looked_up_fails_the_audit() -> None:
    with weakness_database(weak={KNOWN}, broken_for={"uv"}) as database:
        assert audit(database.url, "uv").returncode == 1


def test_without_a_database_the_audit_says_that_it_was_not_done() -> None:
    done = audit(NOWHERE)
    assert done.returncode == 0
    assert "NOT DONE" in done.stdout
    assert "No known vulnerabilities" not in done.stdout + done.stderr


def test_a_database_that_knows_nothing_is_none() -> None:
    with weakness_database(weak=()) as database:
        done = audit(database.url)
    assert database.asked == {KNOWN}
    assert "NOT DONE" in done.stdout
