"""The drill that operators start from mission control: a process of `lastwish drill`, one at a time.

A note names it, so that a proxy that was started again can still end it. Its last line of output is shown.
"""

import asyncio
import threading
import time
from typing import Any

import httpx

from lastwish.local import drill_note
from lastwish.local.drill_note import DrillNote
from lastwish.local.environment import LASTWISH, of_a_command
from lastwish.local.processes import ProcessId, spawn, stop, tail
from lastwish.local.state import Home

# Of the engine, before which the faults stand: they end by themselves, too.
_FAULTS = "/_lastwish/faults"
HOLD = 60  # seconds for which a drill holds its fault; longer where its alarm does not ring by then


class Drills:
    """Starts, watches and ends a drill. `engine` is a client of the engine with its key."""

    def __init__(self, home: Home, engine: httpx.AsyncClient) -> None:
        self._home, self._engine = home, engine
        self._broken_since: float | None = None

    async def state(self) -> dict[str, Any]:
        """Return the last drill and what is broken, whoever broke it; null where nothing is known.

        `{"running", "name", "says", "broken", "seconds_left"}`: `says` is its last line, `seconds_left` how long
        something is still broken, 0 where that lasts until an alarm rings.
        """
        drill, faults, now = drill_note.read(self._home), await self._faults("GET"), time.monotonic()
        running, left = _runs(drill), max((each["seconds_left"] for each in faults), default=None)
        if not (running and faults):
            self._broken_since = None
        else:  # a drill injects for seconds and renews, so that nothing outlives it
            self._broken_since = self._broken_since or now
            left = max(0.0, HOLD - (now - self._broken_since))
        return {
            "running": running,
            "name": drill and drill.name,
            "says": drill and tail(self._home.log("drill")),
            "broken": bool(faults),
            "seconds_left": left,
        }

    def start(self, name: str) -> bool:
        """Start a drill by its name. Returns false where one runs already."""
        if _runs(drill_note.read(self._home)):
            return False
        self._home.log("drill").unlink(missing_ok=True)
        # No word of a person is on this command line: a name is letters and hyphens, or nothing is started.
        command = [str(LASTWISH), "drill", name, "--short", "--for", f"{HOLD}s"]
        process = spawn(command, of_a_command(self._home), self._home.log("drill"), self._home.path)
        DrillNote(name, ProcessId.of(process.pid)).write(self._home)
        threading.Thread(target=process.wait, daemon=True).start()  # or it would stay a zombie
        return True

    async def end(self) -> None:
        """End the drill, which undoes what it did, and then every fault that is left."""
        try:
            if drill := drill_note.read(self._home):
                await asyncio.to_thread(stop, drill.process)
        finally:
            await self._faults("DELETE")

    async def _faults(self, method: str) -> list[dict[str, Any]]:
        try:
            answer = await self._engine.request(method, _FAULTS)
            return list(answer.raise_for_status().json()) if method == "GET" else []
        except (httpx.HTTPError, ValueError):
            return []


def _runs(drill: DrillNote | None) -> bool:
    return drill is not None and drill.process.alive()
