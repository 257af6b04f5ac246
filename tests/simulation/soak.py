"""Run many histories on all cores, and say what was run and how fast."""

import multiprocessing
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import SystemRandom

from tests.simulation import world
from tests.simulation.history import Result, run

_MOST = 8  # violations of a history that are printed


@dataclass(frozen=True)
class Options:
    """Faults to leave out, and parts of violations that do not count."""

    without: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()


def _run(seed: int, options: Options, *, tracing: bool = False) -> Result:
    try:
        result = run(seed, options.without, tracing=tracing)
    except Exception:  # noqa: BLE001  the seed is what one needs to find out
        return Result(seed, violations=[f"the history broke off: {traceback.format_exc()}"])
    result.violations = [each for each in result.violations if not any(part in each for part in options.ignored)]
    return result


def replay(seed: int, options: Options) -> int:
    """Run one history and print its trace. Return the exit code."""
    world.prepare()
    result = _run(seed, options, tracing=True)
    with suppress(BrokenPipeError):  # `| head` has seen enough
        print(*result.lines, sep="\n", flush=True)
        _report(result)
    return 1 if result.violations else 0


def soak(seeds: str | None, calls: int | None, jobs: int, options: Options, *, keep_going: bool) -> int:
    """Run histories until one has a violation, the seeds are used up, or so many calls were made."""
    total, faults, histories, failed, began = 0, Counter[str](), 0, 0, time.monotonic()
    context = multiprocessing.get_context("fork")
    world.prepare()
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for this process
    with context.Pool(jobs, ignore) as pool:
        try:
            # In their order: of the same seeds, the same violation is found first, however many processes there are.
            for result in pool.imap(partial(_run, options=options), _seeds(seeds)):
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
    rate = total / (time.monotonic() - began)
    print(f"{histories:,} histories, {total:,} AWS calls, {failed} with violations")
    print(f"{rate:,.0f} calls/s on {jobs} processes")
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
    print(*(f"  VIOLATION {each}" for each in result.violations[:_MOST]), sep="\n")
    if len(result.violations) > _MOST:
        print(f"  … and {len(result.violations) - _MOST} more")
    if result.violations:
        print(f"  replay: make soak SEED={result.seed}")
