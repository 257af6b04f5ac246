"""The show as it goes: which cue is on, what of it has been seen, what is next.

One thread does what takes seconds (asking the stack, putting it in order), so that a key always works at once.
"""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lastwish.errors import CommandError
from lastwish.show.clock import Clock
from lastwish.show.prompter import Key
from lastwish.show.sheet import Cue, Show, Sight
from lastwish.show.sights import Sights
from lastwish.show.stagehand import Stagehand

_ASK_AGAIN = 1.0  # seconds between two looks at the stack


@dataclass
class Performance:
    """One performance. The caller calls `begin`, then `tick` a few times a second, and `press` for each key.

    ``is_automatic``: nobody presses a key; a cue ends when its time is over and all that a machine can see was seen,
    or did not come in time. ``missed`` says what was not seen, and what could not be done; ``note`` is the last such
    line. No failure of the stack, or of the stage's files, ends a show.
    """

    show: Show
    hand: Stagehand
    sights: Sights
    clock: Clock
    number: int = 0
    is_automatic: bool = False
    missed: list[str] = field(default_factory=list)
    note: str = ""
    is_over: bool = False
    is_blank: bool = False
    skipped: int = 0
    looked_for: list[Sight] = field(default_factory=list)
    seen: list[bool] = field(default_factory=list)
    is_resetting: bool = False

    def __post_init__(self) -> None:
        """Begin with nothing to do."""
        self._pool = ThreadPoolExecutor(1)
        self._work: Future[Any] | None = None
        self._began = self._asked = 0.0

    @property
    def cue(self) -> Cue:
        """The cue that is on."""
        return self.show.cues[self.number]

    @property
    def next_cue(self) -> Cue | None:
        """The cue that comes next, if there is one."""
        number = self.number + 1 + self.skipped
        return self.show.cues[number] if number < len(self.show.cues) else None

    def begin(self) -> None:
        """Begin the show at its cue ``number``. Raises LoadRefused where the API does not answer."""
        self.sights.begin_show()
        self._begin_cue()

    def press(self, key: Key) -> None:
        """Do what a key asks for."""
        match key:
            case Key.PANIC:
                self._panic()
            case Key.QUIT:
                self.is_over = True
            case Key.NEXT if not self.is_resetting:
                self._end_cue()
            case Key.SKIP if self.next_cue:
                self.skipped += 1
            case Key.PAUSE:
                self.clock.toggle()

    def tick(self) -> None:
        """Take what the stack answered, ask it again, and go on to the next cue when this one has ended."""
        if self._work and self._work.done():
            self._take(self._work)
        elif self._work is None and time.monotonic() - self._asked > _ASK_AGAIN:
            self._asked = time.monotonic()
            self._work = self._pool.submit(self._look, self.cue, self.looked_for)
        if self.is_automatic and not self.is_resetting and self.clock.left <= 0 and not self._waits():
            self._end_cue()

    def facts(self) -> dict[str, Any]:
        """Return what the presenter sees, as a JSON object: `show` of lastwish/local/stage.py. Times are in seconds."""
        follows = self.next_cue
        return {
            "title": self.show.title,
            "number": self.number + 1,
            "of": len(self.show.cues),
            "cue": {
                "title": self.cue.title,
                "say": self.cue.say.strip(),
                "look": dict(self.cue.look),
                "see": [
                    {"what": sight.what, "seen": None if sight.is_for_people else seen}
                    for sight, seen in zip(self.looked_for, self.seen, strict=True)
                ],
            },
            "links": self.hand.links,
            "next": follows and follows.title,
            "left": round(self.clock.left),
            "left_of_show": round(self.clock.left_of_show),
            "paused": self.clock.is_paused,
            "blank": self.is_blank,
            "resetting": self.is_resetting,
            "note": self.note,
        }

    def _begin_cue(self) -> None:
        self.skipped, self.note = 0, ""
        self.looked_for = []
        with self.noting():
            self.looked_for = self.hand.looked_for(self.cue)
        self.seen = [False] * len(self.looked_for)
        self.clock.begin(self.number)
        self._began = self._asked = time.monotonic()
        with self.noting():
            self.sights.begin()
            self.hand.begin(self.cue)

    def _look(self, cue: Cue, sights: list[Sight]) -> tuple[list[bool | None], dict[str, Any] | None]:
        return self.sights.seen(sights), self.sights.finale() if cue.finale else None

    def _end_cue(self) -> None:
        self.missed += [f"cue {self.cue.name}, not seen: {sight.what}" for sight in self._unseen()]
        self.is_resetting = True
        with self.noting():
            self.hand.end(self.cue)
        self._work = self._pool.submit(self.hand.reset, self.cue)

    def _take(self, work: "Future[Any]") -> None:
        self._work = None
        with self.noting(is_fine=not self.is_resetting):
            answer = work.result()
            if not self.is_resetting:
                now, finale = answer
                self.seen = [before or bool(seen) for before, seen in zip(self.seen, now, strict=True)]
                self.hand.show_finale(finale)
        if not self.is_resetting:
            return
        self.is_resetting = False
        if self.next_cue is None:
            self.is_over = True
        else:
            self.number += 1 + self.skipped
            self._begin_cue()

    @contextmanager
    def noting(self, is_fine: bool = False) -> Iterator[None]:
        """Note an error of the stack or of the stage's files, and go on.

        ``is_fine``: nothing is missed, since what is broken may be silent.
        """
        try:
            yield
        except (CommandError, OSError, sqlite3.Error) as error:
            self.note = f"cue {self.cue.name}: {error}"
            self.missed += [] if is_fine else [self.note]

    def _panic(self) -> None:
        """Blank the wall, end every fault and load, and stop the time; the second time bring the wall back."""
        blank = not self.is_blank
        with self.noting():
            self.hand.blank(blank)
            self.is_blank = blank
        if blank:
            with self.noting():
                self.hand.strike()
        if blank != self.clock.is_paused:
            self.clock.toggle()

    def _unseen(self) -> list[Sight]:
        pairs = zip(self.looked_for, self.seen, strict=True)
        return [sight for sight, seen in pairs if not (seen or sight.is_for_people)]

    def _waits(self) -> bool:
        passed = time.monotonic() - self._began
        return any(passed < sight.within for sight in self._unseen())
