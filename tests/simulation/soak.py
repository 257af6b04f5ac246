"""Run many histories on all cores, and say what was run and how fast."""

import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import count
from random import SystemRandom

from tests.simulation import world
from tests.simulation.history import Result, run

_CHUNK = 8  # histories that a process takes at once


def replay(seed: int, without: frozenset[str]) -> int:
    """Run one history and print its trace. Return the exit code."""
    world.prepare()
    result = run(seed, without, tracing=True)
    print(*result.lines, sep="\n")
    _report(result)
    return 1 if result.violations else 0


def soak(seeds: str | None, calls: int | None, jobs: int, without: frozenset[str], *, keep_going: bool) -> int:
    """Run histories until one has a violation, the seeds are used up, or so many calls were made."""
    total, faults, histories, failed, began = 0, Counter[str](), 0, 0, time.monotonic()
    context = multiprocessing.get_context("fork")
    world.prepare()
    with context.Pool(jobs) as pool:
        try:
            for result in pool.imap_unordered(partial(run, without=without), _seeds(seeds), _CHUNK if seeds is None else 1):
                histories, total = histories + 1, total + result.calls
                faults.update(result.faults)
                if result.violations:
                    failed += 1
                    _report(result)
                    if not keep_going:
                        break
                if sys.stderr.isatty() or not histories % 200:
                    _progress(histories, total, time.monotonic() - began)
                if calls and total >= calls:
                    break
        except KeyboardInterrupt:
            pass
        pool.terminate()
    seconds = time.monotonic() - began
    print(f"{histories:,} histories, {total:,} AWS calls, {failed} with violations; {total / seconds:,.0f} calls/s on {jobs} processes")
    print("faults: " + ", ".join(f"{name} {n:,}" for name, n in sorted(faults.items())))
    return 1 if failed else 0


def _seeds(seeds: str | None) -> Iterator[int]:
    if seeds:
        first, _, last = seeds.partition(":")
        return iter(range(int(first), int(last)))
    return count(SystemRandom().randrange(10**12))


def _progress(histories: int, calls: int, seconds: float) -> None:
    print(f"{histories:,} histories, {calls:,} calls, {calls / seconds:,.0f}/s", file=sys.stderr)


def _report(result: Result) -> None:
    print(f"seed {result.seed}: {result.calls} calls, {result.wishes} wishes, {result.virtual_seconds:.0f} virtual s")
    print(*(f"  VIOLATION {each}" for each in result.violations), sep="\n")
    if result.violations:
        print(f"  replay: make soak SEED={result.seed}")
