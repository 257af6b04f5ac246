"""A drill that runs, as far as the proxy can tell, and breaks nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lastwish.local.drill_note import DrillNote
from lastwish.local.processes import ProcessId, spawn, stop
from lastwish.local.state import Home

SAYS = "waiting for the alarm"


@contextmanager
def running_drill(home: Home, name: str) -> Iterator[ProcessId]:
    """Its process, which a proxy started that is gone."""
    command = [sys.executable, "-c", f"import time; print('{SAYS}', flush=True); time.sleep(600)"]
    process = spawn(command, {}, home.log("drill"), home.path)
    identity = ProcessId.of(process.pid)
    DrillNote(name, identity).write(home)
    try:
        yield identity
    finally:
        stop(identity)
        process.wait()
        (home.path / "drill.json").unlink()
