"""A drill that runs, as far as the proxy can tell, and breaks nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from lastwish.local.processes import ProcessId, spawn, stop
from lastwish.local.state import Home, write_secret

SAYS = "waiting for the alarm"


@contextmanager
def running_drill(home: Home, name: str) -> Iterator[ProcessId]:
    """Its process, which a proxy started that is gone."""
    command = [sys.executable, "-c", f"import time; print('{SAYS}', flush=True); time.sleep(600)"]
    process = spawn(command, {}, home.log("drill"), home.path)
    identity, file = ProcessId.of(process.pid), home.path / "drill.json"
    write_secret(file, {"name": name, "process": asdict(identity)})
    try:
        yield identity
    finally:
        stop(identity)
        process.wait()
        file.unlink()
