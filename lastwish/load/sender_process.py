"""Start the sender as a process, read its results while it writes them, and stop it."""

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
from lastwish.load.results import WishResult
from lastwish.local import interrupts
from lastwish.local.environment import HOST
from lastwish.local.processes import failure_to_start, spawn, tail
from lastwish.polling import TRY_TIMEOUT, wait_until

START_TIMEOUT = 60.0
STOP_TIMEOUT = 20.0  # more than the grace that the sender gives to requests in flight
UI_PORT = 8089  # Locust's own


@dataclass(frozen=True)
class SenderOptions:
    """Options of the sender. ``give_up`` in seconds after a wish's first try; ``ui``: with Locust's own pages;
    ``timeout`` in seconds for one whole try."""

    in_flight: int = 64
    give_up: float = 120.0
    ui: bool = False
    timeout: float = TRY_TIMEOUT


class SenderProcess:
    """A sender that runs, or has ended. ``zero`` is the begin of the load in seconds of the epoch, 0 before it."""

    def __init__(self, process: "subprocess.Popen[bytes]", results: Path, log: Path) -> None:
        self._process, self._results, self._log = process, results, log
        self._position = 0
        self.zero: float = 0
        self.ui: str | None = None
        self.cpu: float | None = None
        self.ended: float | None = None

    def wait_until_sending(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Return once the load has begun. Raises SenderFailed."""

        def has_begun() -> bool:
            meanwhile()
            self.read_results()
            self._position = 0  # results that came with the first line are for the next reader
            return self.zero > 0

        if reason := failure_to_start(self._process, has_begun, START_TIMEOUT, self._log):
            raise SenderFailed(f"the sender did not start: {reason}")

    def is_running(self) -> bool:
        """Return whether the process runs. Locust's pages keep it alive after the sending."""
        return self._process.poll() is None

    def is_sending(self) -> bool:
        """Return whether the sending has not ended yet."""
        return self.ended is None and self.is_running()

    def read_results(self) -> list[WishResult]:
        """Return the results that were written since the last call."""
        with self._results.open("rb") as file:
            file.seek(self._position)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._position += len(whole)
        return [result for line in whole.splitlines() if (result := self._parse(json.loads(line)))]

    def results_until_ended(self, seconds: float, interval: float = 0.1) -> list[WishResult]:
        """Return the results that were written since the last call until the sending ended, or for so many seconds."""
        results: list[WishResult] = []

        def has_ended() -> bool:
            is_sending = self.is_sending()  # before the results are read, so that the last are not missed
            results.extend(self.read_results())
            return not is_sending

        wait_until(has_ended, seconds, interval)
        return results

    def failure(self) -> str | None:
        """Return why the process ended before the sending did, if so."""
        if self.ended is not None:
            return None
        last = tail(self._log)
        return f"the sender died with exit code {self._process.returncode}{f': {last}' if last else ''}"

    def stop(self) -> None:
        """Ask the process to send nothing more; it ends when no request is in flight."""
        if self.is_running():
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End the process at once. What it wrote so far is known."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Stop the process, by force where it does not react."""
        self.stop()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT)
        if self.is_running():
            self.kill()

    def _parse(self, line: dict[str, Any]) -> WishResult | None:
        if "zero" in line:
            self.zero, self.ui = line["zero"], line["ui"]
        elif "ended" in line:
            self.ended, self.cpu = line["ended"], line["cpu"]
        else:
            return WishResult.from_line(line)
        return None


@contextmanager
def start_sender(plan: Path, url: str, options: SenderOptions) -> Iterator[SenderProcess]:
    """Start a sender of this plan to this base URL, with its files beside the plan; it ends with the block.

    It has a session of its own, so Ctrl-C in the terminal does not reach it directly.
    """
    results, log = plan.with_name("results.jsonl"), plan.with_name("sender.log")
    results.touch()
    command = [sys.executable, "-m", "lastwish.load.sender", str(plan), str(results), url]
    command += ["--in-flight", str(options.in_flight), "--give-up", str(options.give_up)]
    command += ["--timeout", str(options.timeout), "--parent", str(os.getpid())]
    command += ["--ui", str(_free_port())] if options.ui else []
    sender = None
    try:
        with interrupts.deferred():
            sender = SenderProcess(spawn(command, dict(os.environ), log, plan.parent), results, log)
        yield sender
    finally:
        if sender:
            sender.end()


def _free_port() -> int:
    """Return Locust's own port, or another free one where that is taken."""
    for port in (UI_PORT, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise SenderFailed("no port is free for Locust's pages")
