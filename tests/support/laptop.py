"""The real thing: MiniStack, the real template, the proxy, all started by the command that a person types.

The fixtures that start it, `stack` and `laptop`, stand in `conftest.py`, since e2e and browser tests share them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from domain.commit import wish_of
from lastwish import polling
from lastwish.aws.clients import Endpoint, engine_client
from lastwish.local import parts
from lastwish.local.state import Home

LASTWISH = str(Path(sys.executable).with_name("lastwish"))
PATIENCE = 240.0  # for a whole command on a slow machine


@dataclass
class Laptop:
    """One state directory and the commands typed over it."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def command(self, *args: str, **env: str) -> tuple[list[str], dict[str, str]]:
        return [LASTWISH, *args], os.environ | {"LASTWISH_HOME": str(self.home), "CI": "1"} | self.env | env

    def run(self, *args: str, typed: str | None = None, **env: str) -> "subprocess.CompletedProcess[str]":
        command, environ = self.command(*args, **env)
        return subprocess.run(
            command, env=environ, input=typed, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def start(self, *args: str) -> "subprocess.Popen[str]":
        """The same, without waiting for its end."""
        command, environ = self.command(*args)
        # In a session of its own: a signal for it is not one for pytest.
        return subprocess.Popen(
            command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def processes(self) -> list[psutil.Process]:
        """What runs on behalf of this directory: it all has its scratch directory there."""
        return [each for each in psutil.process_iter() if _scratch(each) == str(self.home / "tmp")]

    def is_clean(self) -> bool:
        return not self.processes() and not (self.home / "tmp").exists() and not (self.home / "state.json").exists()


def _scratch(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("TMPDIR")
    except (psutil.Error, OSError):  # gone, a zombie, or somebody else's
        return None


@dataclass
class Stack:
    """A stack that runs: what `up --json` said about it."""

    laptop: Laptop
    url: str
    wall: str
    console: str
    lan: str | None
    operator: dict[str, str] | None
    engine: str
    xray: str
    credentials: dict[str, str]
    outputs: dict[str, str]
    pids: dict[str, int]
    restarts: list[dict[str, Any]]

    @property
    def put_back(self) -> dict[str, Any]:
        """Counts of what the last start put back."""
        return dict(self.restarts[-1]["put_back"])

    @property
    def home(self) -> Path:
        return self.laptop.home

    @property
    def key(self) -> str:
        """What the engine and the agent let in."""
        return self.credentials["access_key_id"]

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.engine, self.key)

    @property
    def traces(self) -> Endpoint:
        """The agent, in the place of X-Ray."""
        return Endpoint(self.xray, self.key)

    def as_aws(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the engine the endpoint of the operator's ordinary AWS configuration."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", self.engine)
        for name, value in self.credentials.items():
            monkeypatch.setenv(f"AWS_{name.upper()}", value)

    def aws(self, service: str) -> Any:
        """boto3 client of a service of the engine."""
        return engine_client(service, self.endpoint)

    def run(self, *args: str) -> "subprocess.CompletedProcess[str]":
        return self.laptop.run(*args)

    def pid(self, part: str) -> int:
        """Process id of a part as it is now: it may have been started again."""
        state = Home(self.home).load()
        assert state is not None
        return state.pids[part]

    def kill(self, *parts: str) -> None:
        """End parts as `kill -9` does, the watcher first if it is one of them."""
        for part in parts:
            victim = self.pid(part)
            psutil.Process(victim).kill()
            assert wait_until(lambda pid=victim: not lives(pid))

    def works(self) -> bool:
        """Whether `status` finds nothing wrong. It is not asked while a part is dead: a restart needs the CPU."""
        state = Home(self.home).load()
        alive = state is not None and state.ready and all(map(state.runs, parts.expected(state)))
        return alive and self.run("status").returncode == 0

    def stored(self) -> list[str]:
        """Return the wish id of every commit in the event store."""
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["EventStoreName"])
        return [wish_of(item["stream"]["S"]) for page in pages for item in page["Items"]]


def start_detached(laptop: Laptop) -> Stack:
    done = laptop.run("up", "--detach", "--json", "--port", "0")
    assert done.returncode == 0, done.stderr
    return Stack(laptop, **json.loads(done.stdout))


@contextmanager
def a_stack() -> Iterator[Stack]:
    """A stack in a directory of its own, gone afterwards: for what is no test."""
    with TemporaryDirectory(prefix="lastwish-") as directory:
        laptop = Laptop(Path(directory) / "home")
        try:
            yield start_detached(laptop)
        finally:
            laptop.run("down")


def wait_until(condition: Callable[[], object], seconds: float = 90) -> bool:
    """Wait as the commands do, with more patience. Return whether the condition held in time."""
    return polling.wait_until(condition, seconds)


def lives(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def operator_account(stack: Stack, name: str, group: str | None) -> tuple[str, str]:
    """A user of the stack's user pool, in a group or in none; name and password."""
    password = "Correct-horse-battery-1"
    cognito, pool = stack.aws("cognito-idp"), stack.outputs["UserPoolId"]
    if name not in [user["Username"] for user in cognito.list_users(UserPoolId=pool)["Users"]]:
        cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS", TemporaryPassword=password)
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
        if group:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    return name, password
