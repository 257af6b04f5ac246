"""The drill that operators start from mission control: a process of `lastwish drill`, one at a time.

A file names it, so that a proxy that was started again can still end it. Its last line of output is shown.
"""

import asyncio
import json
import threading
import time
from dataclasses import asdict
from typing import Any

import httpx

from lastwish.local.environment import LASTWISH, of_a_command
from lastwish.local.processes import ProcessId, spawn, stop, tail
from lastwish.local.state import Home, write_secret

# Of the engine, before which the faults stand: they end by themselves, too.
_FAULTS = "/_lastwish/faults"
HOLD = 60  # seconds for which a drill holds its fault; longer where its alarm does not ring by then


class Drills:
    """Starts, watches and ends a drill. `engine` is a client of the engine with its key."""

    def __init__(self, home: Home, engine: httpx.AsyncClient) -> None:
        self._home, self._engine = home, engine
        self._file = home.path / "drill.json"
        self._broken_since: float | None = None

    async def state(self) -> dict[str, Any]:
        """Return the last drill and what is broken, whoever broke it; null where nothing is known.

        `{"running", "name", "says", "broken", "seconds_left"}`: `says` is its last line, `seconds_left` how long
        something is still broken, 0 where that lasts until an alarm rings.
        """
        drill, faults, now = self._load(), await self._faults("GET"), time.monotonic()
        running, left = _runs(drill), max((each["seconds_left"] for each in faults), default=None)
        if not (running and faults):
            self._broken_since = None
        else:  # a drill injects for seconds and renews, so that nothing outlives it
            self._broken_since = self._broken_since or now
            left = max(0.0, HOLD - (now - self._broken_since))
        return {
            "running": running,
            "name": drill and drill["name"],
            "says": drill and tail(self._home.log("drill")),
            "broken": bool(faults),
            "seconds_left": left,
        }

    def start(self, name: str) -> bool:
        """Start a drill by its name. Returns false where one runs already."""
        if _runs(self._load()):
            return False
        self._home.log("drill").unlink(missing_ok=True)
        # No word of a person is on this command line: a name is letters and hyphens, or nothing is started.
        command = [str(LASTWISH), "drill", name, "--short", "--for", f"{HOLD}s"]
        process = spawn(command, of_a_command(self._home), self._home.log("drill"), self._home.path)
        write_secret(self._file, {"name": name, "process": asdict(ProcessId.of(process.pid))})
        threading.Thread(target=process.wait, daemon=True).start()  # or it would stay a zombie
        return True

    async def end(self) -> None:
        """End the drill, which undoes what it did, and then every fault that is left."""
        try:
            if drill := self._load():
                await asyncio.to_thread(stop, ProcessId(**drill["process"]))
        finally:
            await self._faults("DELETE")

    async def _faults(self, method: str) -> list[dict[str, Any]]:
        try:
            answer = await self._engine.request(method, _FAULTS)
            return list(answer.raise_for_status().json()) if method == "GET" else []
        except (httpx.HTTPError, ValueError):
            return []

    def _load(self) -> dict[str, Any] | None:
        try:
            drill: dict[str, Any] = json.loads(self._file.read_text())
            return drill | {"name": str(drill["name"]), "running": ProcessId(**drill["process"]).alive()}
        except (FileNotFoundError, ValueError, TypeError, KeyError, RecursionError):  # or it is damaged
            return None


def _runs(drill: dict[str, Any] | None) -> bool:
    return drill is not None and bool(drill["running"])
