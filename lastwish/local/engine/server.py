"""Run the engine's process: MiniStack with the corrections and the ASGI layers of this package.

`python -m lastwish.local.engine.server --fd N` takes the environment that `python -m ministack` takes, and serves on
the bound socket N. Each correction checks that MiniStack still is what it was written for (patch.py).
"""

import argparse
import sys

from lastwish.local.engine import alarms, garbage_collection, invocations, queues, sockets, tracing
from lastwish.local.engine.patch import ministack_module

# Around MiniStack's ASGI application, the outermost first. Every AWS call passes all of them: of a command, of a
# function, of the agent, of an API stage.
LAYERS = (alarms.layer, queues.layer, tracing.layer)


def main() -> None:
    """Correct MiniStack and run it. Raises EngineChanged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True)
    bound = parser.parse_args().fd
    del sys.argv[1:]  # MiniStack parses its arguments too
    ministack = ministack_module("app")
    sockets.install(bound)
    alarms.install()
    tracing.install()
    invocations.install()
    garbage_collection.install()
    for layer in reversed(LAYERS):
        ministack.app = layer(ministack.app)
    ministack.main()


if __name__ == "__main__":
    main()
