"""Virtual time: one task runs at a time, as a greenlet, until it sleeps or calls AWS; then chance says who is next."""

import heapq
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet


class Killed(BaseException):
    """Ends a task of a process that is dead. No code of ours catches it."""


@dataclass(eq=False)
class Process:
    """What dies together: one Lambda invocation, or one command of an operator.

    ``skew``: seconds that its clock is ahead; ``dies_at``: the number of its call to AWS at which it is killed.
    """

    name: str
    skew: float = 0.0
    deadline: float = float("inf")
    stalled_until: float = 0.0
    dead: bool = False
    calls: int = 0
    dies_at: int | None = None
    tasks: list["Task"] = field(default_factory=list)


class Task(greenlet):
    """One line of work in a process. ``ended`` hears its result, or the exception that ended it."""

    def __init__(self, process: Process, work: Callable[[], Any], ended: Callable[[Any], None]) -> None:
        super().__init__(self._run)
        self.process, self._work, self._ended = process, work, ended
        self.is_over = False
        process.tasks.append(self)

    def _run(self) -> None:
        result: Any
        try:
            result = Killed() if self.process.dead else self._work()
        except (Exception, Killed) as error:  # noqa: BLE001  whoever started the task decides
            result = error
        self.is_over = True
        self._ended(result)


class Scheduler:
    """Runs callables at their times. ``now``: seconds of the epoch; two at the same time run in any order."""

    def __init__(self, random: Random, now: float) -> None:
        self.now = now
        self.random = random
        self._events: list[tuple[float, float, int, Callable[[], Any]]] = []
        self._count = 0

    def at(self, time: float, action: Callable[[], Any]) -> None:
        """Run an action at a time, or now if the time is over."""
        self._count += 1
        heapq.heappush(self._events, (max(time, self.now), self.random.random(), self._count, action))

    def after(self, seconds: float, action: Callable[[], Any]) -> None:
        """Run an action after some seconds."""
        self.at(self.now + seconds, action)

    def start(self, process: Process, work: Callable[[], Any], ended: Callable[[Any], None] = lambda _: None) -> Task:
        """Start a task of a process. ``ended`` runs in it, at its end."""
        task = Task(process, work, ended)
        self.after(0, lambda: self._resume(task))
        return task

    def sleep(self, seconds: float) -> None:
        """Let others run for so long. Raises Killed if the process dies meanwhile."""
        task = getcurrent()
        if not isinstance(task, Task):
            raise TypeError("only a task sleeps")
        if task.process.dead:
            raise Killed
        self.after(seconds, lambda: self._resume(task))
        task.parent.switch()
        if task.process.dead:
            raise Killed

    def _resume(self, task: Task) -> None:
        process = task.process
        if process.stalled_until > self.now and not process.dead:
            self.at(process.stalled_until, lambda: self._resume(task))
            return
        if self.now >= process.deadline:
            self.kill(process)
        task.parent = getcurrent()
        task.switch()

    def kill(self, process: Process) -> None:
        """End a process: none of its tasks does anything again."""
        process.dead = True

    def run(self, until: Callable[[], bool]) -> None:
        """Run until the condition holds or nothing is left to do."""
        while self._events and not until():
            self.now, _, _, action = heapq.heappop(self._events)
            action()

    def close(self, processes: list[Process]) -> None:
        """Unwind every task that is left."""
        self._events.clear()
        for process in processes:
            process.dead = True
            for task in process.tasks:
                if task and not task.is_over:
                    task.parent = getcurrent()
                    with suppress(Killed):
                        task.switch()
