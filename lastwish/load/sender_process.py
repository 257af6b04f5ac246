"""The sender, seen from outside: started, read while it writes, stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lastwish.errors import SenderFailed
from lastwish.load.run import Result
from lastwish.local import interrupts
from lastwish.local.environment import HOST
from lastwish.local.processes import failure_to_start, spawn, tail

START_TIMEOUT = 60.0
STOP_TIMEOUT = 20.0  # more than the grace that the sender gives to what is in flight
UI_PORT = 8089  # Locust's own


@dataclass(frozen=True)
class Manner:
    """How to send. ``give_up`` in seconds after a wish's first try; ``ui``: with Locust's own pages; ``timeout`` in
    seconds for one whole try, as in the form's script."""

    in_flight: int = 64
    give_up: float = 120.0
    ui: bool = False
    timeout: float = 10.0


class Sender:
    """A sender that runs, or has ended. ``zero`` is the run's begin in seconds of the epoch."""

    def __init__(self, process: "subprocess.Popen[bytes]", results: Path, log: Path) -> None:
        self._process, self._results, self._log = process, results, log
        self._read = 0
        self.zero: float = 0
        self.ui: str | None = None
        self.cpu: float | None = None
        self.ended: float | None = None

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def wait_until_sending(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Return once the run has begun. Raises SenderFailed."""

        def begun() -> bool:
            meanwhile()
            self.news()
            self._read = 0  # what may have come with it is news for whoever asks next
            return self.zero > 0

        if reason := failure_to_start(self._process, begun, START_TIMEOUT, self._log):
            raise SenderFailed(f"the sender did not start: {reason}")

    def runs(self) -> bool:
        """Whether it has not ended yet. After the sending Locust's pages, if it has some, keep it alive."""
        return self._process.poll() is None

    def sends(self) -> bool:
        """Whether it has not said yet that all is over."""
        return self.ended is None and self.runs()

    def news(self) -> list[Result]:
        """What was finished since the last look."""
        with self._results.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return [result for line in whole.splitlines() if (result := self._result(json.loads(line)))]

    def failure(self) -> str | None:
        """Why it ended without saying that it was over, if it did."""
        if self.ended is not None:
            return None
        last = tail(self._log)
        return f"the sender died with exit code {self._process.returncode}{f': {last}' if last else ''}"

    def stop(self) -> None:
        """Ask it to send nothing more; it ends when what is in flight has come back."""
        if self.runs():
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """At once. What it wrote so far is known."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Stop it, by force where it does not listen."""
        self.stop()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT)
        if self.runs():
            self.kill()

    def _result(self, line: dict[str, Any]) -> Result | None:
        if "zero" in line:
            self.zero, self.ui = line["zero"], line["ui"]
        elif "ended" in line:
            self.ended, self.cpu = line["ended"], line["cpu"]
        else:
            return Result.from_line(line)
        return None


@contextmanager
def sending(plan: Path, url: str, directory: Path, manner: Manner) -> Iterator[Sender]:
    """A sender of this plan to this base URL, its files in the directory; ended with the block.

    In a session of its own: Ctrl-C in the terminal reaches it only through whoever holds it.
    """
    results, log = directory / "results.jsonl", directory / "sender.log"
    results.touch()
    command = [sys.executable, "-m", "lastwish.load.sender", str(plan), str(results), url]
    command += ["--in-flight", str(manner.in_flight), "--give-up", str(manner.give_up)]
    command += ["--timeout", str(manner.timeout), "--parent", str(os.getpid())]
    command += ["--ui", str(_port())] if manner.ui else []
    sender = None
    try:
        with interrupts.deferred():
            sender = Sender(spawn(command, dict(os.environ), log, directory), results, log)
        yield sender
    finally:
        if sender:
            sender.end()


def _port() -> int:
    """Locust's own port, or where that is taken a free one."""
    for port in (UI_PORT, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise SenderFailed("no port is free for Locust's pages")
