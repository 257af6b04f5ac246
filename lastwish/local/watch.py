"""Watch a stack, and start again what dies or hangs: in the terminal of `up`, or after `up --detach` by itself.

`python -m lastwish.local.watch HOME` is the second. There is one watcher of a stack, the one that its state names: it
ends when that is gone, or names another. A part hangs when it does not answer for a minute: a busy machine may be slow.
A part that ends within a minute of its start, five times in a row, is given up.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from lastwish.errors import AlreadyRunning, CommandError, EngineFailed, NotRunning
from lastwish.local import network, parts
from lastwish.local.stack import LocalStack
from lastwish.local.state import NEEDED, Home, State
from lastwish.polling import wait_until

Note = Callable[[str], None]

PAUSE = 0.5  # seconds
PROBE, MISSES = 10.0, 6  # seconds between two questions whether a part answers; and how often it may not
MOST, SOON = 5, 60.0  # times, seconds
NAMED = 10.0  # seconds until the state must name a new watcher


class Watcher:
    """Watcher of one stack. By part, `_missed` counts silences in a row, `_restarts` restarts and when the last was."""

    def __init__(self, stack: LocalStack, note: Note) -> None:
        self._stack, self._home, self._note = stack, stack.home, note
        self._probed, self._missed = time.monotonic(), Counter[str]()
        self._restarts: dict[str, tuple[int, float]] = {}
        self._connected = True

    def run(self) -> None:
        """Return when another command has stopped the stack. Raises EngineFailed when it cannot be kept up."""
        while (state := self._home.load()) and _is_named(state):
            self._stack.reap()
            with suppress(OSError):  # a full disk takes no state, and no log: a later try may do it
                self._see_network(state)
                for part, why in self._broken(state).items():
                    self._mend(part, why)
            time.sleep(PAUSE)

    def _see_network(self, state: State) -> None:
        if state.lan and network.is_present(state.lan) != self._connected:
            self._connected = not self._connected
            self._note(f"{state.lan} is {'back' if self._connected else 'gone: only this machine is served'}")

    def _broken(self, state: State) -> dict[str, str]:
        """Return the parts to start again, and what is wrong with each: the engine alone, since all others need it."""
        there = parts.expected(state)
        broken = self._hanging(state, there) | {part: "died" for part in there if not state.runs(part)}
        if "engine" in broken or not state.ready:
            return {"engine": broken.get("engine", "was not started to the end")}
        return {part: why for part, why in broken.items() if self._tries(part) <= MOST}

    def _hanging(self, state: State, there: list[str]) -> dict[str, str]:
        if time.monotonic() - self._probed > PROBE:
            for part in there:
                if part == "network":
                    continue  # a crowd may fill it for as long as it likes: that is no reason to throw all of it out
                self._missed[part] = 0 if parts.answers(part, state) else self._missed[part] + 1
            self._probed = time.monotonic()
        return {part: f"did not answer {times} times" for part, times in self._missed.items() if times >= MISSES}

    def _tries(self, part: str) -> int:
        return self._restarts.get(part, (0, 0.0))[0]

    def _mend(self, part: str, why: str) -> None:
        """Start a part again, unless that was done a moment ago: the pause between two tries doubles."""
        tries, last = self._restarts.get(part, (0, 0.0))
        ago = time.monotonic() - last
        tries = tries if ago < SOON else 0
        if tries and ago < 2 ** (tries - 1):
            return
        with suppress(AlreadyRunning, NotRunning), self._home.lock():  # another command starts or stops it
            state = self._home.load()
            if not _is_named(state):
                return
            if tries == MOST:
                self._give_up(part, why)
                return
            most = MOST - 1  # a full disk is no fault of the part, and has an end: never give up for it
            try:
                done = self._stack.restart(part, why)
                most = MOST
            except Exception as error:  # noqa: BLE001 - whatever it was, the next try may do it
                done = self._stack.remember(part, why, f"it was not started: {error}")
                most = MOST - isinstance(error, OSError)
            finally:
                self._missed.clear()
                self._restarts[part] = (min(tries + 1, most), time.monotonic())
            self._note(str(done.restarts[-1]))

    def _give_up(self, part: str, why: str) -> None:
        done = self._stack.remember(part, why, f"given up after {MOST} tries in a row")
        self._restarts[part] = (MOST + 1, time.monotonic())  # not before it is saved
        with suppress(OSError):
            self._note(str(done.restarts[-1]))
        if part in NEEDED:
            raise EngineFailed(f"the {part} {why} again and again (see {self._home.log(part)})", running=False)


def _print(line: str) -> None:
    print(datetime.now(UTC).isoformat(timespec="seconds"), line, flush=True)


def _is_named(state: State | None) -> bool:
    return state is not None and state.pids.get("watcher") == os.getpid()


def main() -> None:
    """Watch the stack of the state directory that is named on the command line."""
    home = Home(Path(sys.argv[1]))
    wait_until(lambda: _is_named(home.load()), NAMED)  # whoever started it has its pid only then
    try:
        Watcher(LocalStack(home), _print).run()
    except CommandError as error:
        _print(str(error))
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
