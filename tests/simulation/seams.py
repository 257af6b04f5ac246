"""Places where time, ids, chance and threads enter our code: in a history they all come from its seed."""

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from greenlet import getcurrent

import lastwish.aws.scan
import lastwish.maintenance.dead_letters
import lastwish.maintenance.lock
from tests.simulation.scheduler import Process, Scheduler, Task


def process_now() -> Process | None:
    """Return the process that runs."""
    task = getcurrent()
    return task.process if isinstance(task, Task) else None


class Seams:
    """One history's clock and threads."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler

    def time(self) -> float:
        """Return the time by the clock of the running process."""
        process = process_now()
        return self.scheduler.now + (process.skew if process else 0.0)

    def monotonic(self) -> float:
        return self.scheduler.now

    def datetime(self) -> SimpleNamespace:
        """Return what stands in for the class ``datetime`` in our modules: they only ask for now and read texts."""

        def now(zone: Any = UTC) -> datetime:
            return datetime.fromtimestamp(self.time(), zone)

        return SimpleNamespace(now=now, fromisoformat=datetime.fromisoformat, fromtimestamp=datetime.fromtimestamp)

    def threading(self) -> SimpleNamespace:
        """Return what stands in for ``threading``: threads are tasks of the same process."""
        return SimpleNamespace(Event=lambda: _Event(self.scheduler), Thread=self._thread)

    def _thread(self, target: Callable[[], None], **_: Any) -> "_Thread":
        return _Thread(self.scheduler, target)


class _Event:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler, self._is_set = scheduler, False

    def set(self) -> None:
        self._is_set = True

    def wait(self, timeout: float) -> bool:
        if not self._is_set:
            self._scheduler.sleep(timeout)
        return self._is_set


class _Thread:
    def __init__(self, scheduler: Scheduler, target: Callable[[], None]) -> None:
        self._scheduler, self._target = scheduler, target
        self._task: Task | None = None

    def start(self) -> None:
        process = process_now()
        if process is None:
            raise TypeError("only a task starts a thread")
        self._task = self._scheduler.start(process, self._target)

    def join(self) -> None:
        while self._task and not self._task.is_over:
            self._scheduler.sleep(0.5)


class Executor:
    """A ThreadPoolExecutor that works at once: its segments and queues are read one after the other."""

    def __init__(self, _workers: int) -> None: ...

    def __enter__(self) -> "Executor":
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., Any], *arguments: Any) -> "Done":
        return Done(work(*arguments))

    def map(self, work: Callable[[Any], Any], several: Iterable[Any]) -> Iterator[Any]:
        return map(work, several)


class Done:
    """A future that is done."""

    def __init__(self, result: Any) -> None:
        self._result = result

    def result(self) -> Any:
        return self._result


def wait(futures: Iterable[Any], return_when: str) -> SimpleNamespace:
    """Return the first of the futures as done: any order is as good."""
    return SimpleNamespace(done=[next(iter(futures))])


@contextmanager
def installed(scheduler: Scheduler, seed: int, modules: Iterable[Any]) -> Iterator[Seams]:
    """Put a history's clock, ids and threads into the standard library, and into these modules of ours."""
    seams, chance = Seams(scheduler), random.Random(seed ^ 0x1D5)
    random.seed(seed)
    with ExitStack() as stack:
        put = stack.enter_context
        put(patch.object(time, "time", seams.time))
        put(patch.object(time, "monotonic", seams.monotonic))
        put(patch.object(time, "sleep", scheduler.sleep))
        put(patch.object(os, "urandom", chance.randbytes))
        put(patch.object(lastwish.maintenance.lock, "threading", seams.threading()))
        put(patch.object(lastwish.aws.scan, "ThreadPoolExecutor", Executor))
        put(patch.object(lastwish.aws.scan, "wait", wait))
        put(patch.object(lastwish.maintenance.dead_letters, "ThreadPoolExecutor", Executor))
        for module in modules:
            if getattr(module, "datetime", None) is datetime:
                put(patch.object(module, "datetime", seams.datetime()))
        yield seams
