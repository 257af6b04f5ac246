"""Run the engine's process: MiniStack with the corrections and the ASGI layers of this package.

`python -m lastwish.local.engine.server --fd N --journal FILE` takes the environment that `python -m ministack` takes,
with the key of the stack as AWS_ACCESS_KEY_ID, and serves on the bound socket N. Each correction checks that MiniStack
still is what it was written for (patch.py).
"""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cryptography  # noqa: F401 - or MiniStack would sign tokens with random bytes, and nobody could sign in
from starlette.types import ASGIApp

from lastwish.local.door import Door
from lastwish.local.engine import (
    alarms,
    arrival,
    callers,
    calls,
    faults_invocations,
    garbage_collection,
    invocations,
    measurements,
    method_settings,
    permissions,
    queues,
    retry,
    sign_in_attempts,
    sockets,
    tracing,
    windows,
)
from lastwish.local.engine.faults import Faults
from lastwish.local.engine.faults_marks import Marks
from lastwish.local.engine.journal import Journaling
from lastwish.local.engine.patch import ministack_module
from lastwish.local.engine.record import Record


def layers(key: str, journal: Path, faults: Faults, *, under_roles: bool = False) -> list[Callable[[ASGIApp], ASGIApp]]:
    """Return what stands around MiniStack's ASGI application, the outermost first.

    Every AWS call passes all of it: of a command, of a function, of the agent, of the proxy to an API's stage. The
    record is kept only where functions are `under_roles`: it costs more than all the rest. The journal is the innermost
    interceptor, so that it sees what the engine really got, and answered: faults come before it.
    """
    record, journaling = Record(), Journaling(journal)
    return [
        partial(Door, key=key),
        record.layer,
        journaling.layer,
        faults.layer,
        partial(calls.layer, interceptors=[*([record] if under_roles else []), faults, journaling]),
        alarms.layer,
        measurements.layer,
        queues.layer,
        retry.layer,
        arrival.layer,
        tracing.layer,
    ]


def main() -> None:
    """Correct MiniStack and run it. Raises EngineChanged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    options = parser.parse_args()
    del sys.argv[1:]  # MiniStack parses its arguments too
    key = os.environ["AWS_ACCESS_KEY_ID"]
    ministack = ministack_module("app")
    sockets.install(options.fd)
    alarms.install()
    tracing.install()
    arrival.install()
    invocations.install()
    method_settings.install()
    sign_in_attempts.install()
    garbage_collection.install()
    callers.install(key)
    permissions.install()
    retry.install()
    windows.install()
    faults = Faults(Marks())
    faults_invocations.install(faults)
    for layer in reversed(layers(key, options.journal, faults, under_roles=ministack.AUTH)):
        ministack.app = layer(ministack.app)
    ministack.main()


if __name__ == "__main__":
    main()
