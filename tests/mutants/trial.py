"""Try mutants: run the named test without the mutant, where it must pass, and with it, where it must fail.

Each trial runs in a throw-away copy of the repository, one copy for each job, and never in the working tree.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Literal

from tests.mutants.mutant import Mutant, NotApplicable

TIMEOUT = 300.0  # seconds for one test: a mutant that hangs is not caught
_PASSED, _FAILED = 0, 1  # exit codes of pytest; others: nothing was run, or not to its end
_NOT_COPIED = (".*", "__pycache__", "dist", "build")

type Outcome = Literal["killed", "SURVIVED", "NOT APPLICABLE", "FAILS WITHOUT IT", "BROKEN"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of one mutant. ``seconds`` is for the run with it; ``output`` explains what went wrong."""

    mutant: Mutant
    outcome: Outcome
    seconds: float = 0.0
    output: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one test. ``code`` is pytest's exit code, -1 after the timeout."""

    code: int
    seconds: float
    output: str


class Copy:
    """Copy of the repository, in which one mutant at a time lives."""

    def __init__(self, repository: Path, folder: Path) -> None:
        shutil.copytree(repository, folder, ignore=shutil.ignore_patterns(*_NOT_COPIED), symlinks=True)
        (folder / ".venv").symlink_to(repository / ".venv")  # for tests that start a process
        self._folder = folder

    @contextmanager
    def with_mutant(self, mutant: Mutant) -> Iterator[None]:
        """Apply a mutant, and take it out again. Raises NotApplicable."""
        file = self._folder / mutant.file
        text = file.read_text()
        self._write(file, mutant.applied(text))
        try:
            yield
        finally:
            self._write(file, text)

    def run(self, *tests: str) -> Run:
        """Run tests in one process. Modules of the copy come before those that are installed."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests]
        path = os.pathsep.join(str(each) for each in (self._folder / "src", self._folder))
        began = time.monotonic()
        try:
            done = subprocess.run(
                command, cwd=self._folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
                timeout=TIMEOUT, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Run(-1, time.monotonic() - began, f"not finished after {TIMEOUT:g} s")
        return Run(done.returncode, time.monotonic() - began, done.stdout + done.stderr)

    @staticmethod
    def _write(file: Path, text: str) -> None:
        file.write_text(text)
        # Python knows a changed file by size and second: not enough here.
        Path(importlib.util.cache_from_source(file)).unlink(missing_ok=True)


def try_all(
    mutants: Sequence[Mutant], repository: Path, jobs: int, note: Callable[[Verdict], None] = lambda _: None
) -> list[Verdict]:
    """Try mutants, ``jobs`` at a time. Return the verdicts in the order of the mutants; ``note`` gets each at once."""
    with TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for job in range(jobs):
            copies.put(Copy(repository, Path(folder) / str(job)))

        def with_copy[A, B](work: Callable[[Copy, A], B]) -> Callable[[A], B]:
            def borrow(what: A) -> B:
                copy = copies.get()
                try:
                    return work(copy, what)
                finally:
                    copies.put(copy)

            return borrow

        tests = list(dict.fromkeys(mutant.test for mutant in mutants))
        shares = [share for job in range(jobs) if (share := tests[job::jobs])]
        runs = pool.map(with_copy(_without), shares)
        without = {test: run for each in runs for test, run in each.items()}

        def try_one(copy: Copy, mutant: Mutant) -> Verdict:
            verdict = _verdict(copy, mutant, without[mutant.test])
            note(verdict)
            return verdict

        return list(pool.map(with_copy(try_one), mutants))


def _without(copy: Copy, tests: Sequence[str]) -> dict[str, Run]:
    """Run tests without a mutant: together, and where that fails one by one, to know which."""
    together = copy.run(*tests)
    return {test: together if together.code == _PASSED else copy.run(test) for test in tests}


def _verdict(copy: Copy, mutant: Mutant, without: Run) -> Verdict:
    if without.code != _PASSED:
        return Verdict(mutant, "FAILS WITHOUT IT", without.seconds, without.output)
    try:
        with copy.with_mutant(mutant):
            run = copy.run(mutant.test)
    except NotApplicable as error:
        return Verdict(mutant, "NOT APPLICABLE", output=str(error))
    if run.code == _FAILED:
        return Verdict(mutant, "killed", run.seconds)
    return Verdict(mutant, "SURVIVED" if run.code == _PASSED else "BROKEN", run.seconds, run.output)
