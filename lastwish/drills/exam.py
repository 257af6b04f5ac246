"""Hints for who types `hint`, and an exam: a fault whose name is not told, until it is typed or given up."""

from collections.abc import Callable
from functools import cache
from queue import Empty, Queue
from threading import Thread
from typing import TextIO

from lastwish.drills.drill import Drill
from lastwish.drills.result import Result

HIDDEN = "exam"  # what marks in logs and traces call the fault of an exam
LONGEST = 1800.0  # seconds
HELP = "type the name of the failure mode, `hint`, or `give up`"


class Hints:
    """Hints of a drill, one after the other. What is typed is read from ``source`` while something else goes on."""

    def __init__(self, drill: Drill, source: TextIO, tell: Callable[[str], None]) -> None:
        self.drill, self.tell, self.used = drill, tell, 0
        self._typed = _lines_of(source)

    def listen(self) -> str | None:
        """Give a hint for each time that it was asked for. Return the first other line, None where there is none."""
        while True:
            try:
                line = self._typed.get_nowait()
            except Empty:
                return None
            if line != "hint":
                return line
            self.used = min(self.used + 1, len(self.drill.hints))
            self.tell(f"hint {self.used} of {len(self.drill.hints)}: {self.drill.hints[self.used - 1]}")


@cache
def _lines_of(source: TextIO) -> Queue[str]:
    """Return what is typed there, as it comes. One thread reads a source for all drills: a second would take lines."""
    typed = Queue[str]()

    def read() -> None:
        for line in source:
            typed.put(line.strip().lower())

    Thread(target=read, daemon=True, name="hints").start()
    return typed


class Exam:
    """One exam. ``known`` are the names of all modes; ``seconds`` run until the right answer, or the end."""

    def __init__(self, hints: Hints, known: frozenset[str]) -> None:
        self.wrong: list[str] = []
        self.found = self.is_over = False
        self.seconds = 0.0
        self._hints, self._known = hints, known

    def goes_on(self, seconds: float) -> bool:
        """Hear what was typed until now, ``seconds`` after the beginning. Returns whether it is still to be found."""
        while not self.is_over and (line := self._hints.listen()) is not None:
            self._hear(line)
        if not self.is_over:
            self.seconds, self.is_over = seconds, seconds > LONGEST
        return not self.is_over

    def _hear(self, line: str) -> None:
        name = "-".join(line.split())
        self.found = name == self._hints.drill.name
        self.is_over = self.found or line == "give up"
        if self.is_over:
            return
        if name in self._known:
            self.wrong.append(name)
            self._hints.tell(f"{name}: no, that is not it")
        else:
            self._hints.tell(f"no failure mode has that name; {HELP}. They are: {', '.join(sorted(self._known))}")

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        minutes = round(self.seconds / 60, 1)
        return {"found": self.found, "minutes": minutes, "hints": self._hints.used, "wrong": self.wrong}

    def certificate(self, result: Result) -> list[str]:
        """Return what was found, and how, in lines."""
        drill = self._hints.drill
        found = "found after" if self.found else "not found in"
        hints = f"{self._hints.used} of {len(drill.hints)} hints"
        return [
            "LAST WISH · CERTIFICATE",
            f"{drill.mode.title} ({drill.name}): {found} {self.seconds / 60:.1f} minutes, with {hints}",
            f"wrong answers before: {', '.join(self.wrong) or 'none'}",
            f"alarms that told of it: {', '.join(filter(None, [result.alarm, *result.related])) or 'none'}",
            f"what there was to see: {drill.mode.log!r} in the logs; {', '.join(drill.mode.metrics)}",
            f"at the end: {'nothing was lost' if result.ok else 'the drill itself failed, as said above'}",
        ]
