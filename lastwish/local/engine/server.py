"""Run the engine's process: MiniStack with the corrections and the ASGI layers of this package.

`python -m lastwish.local.engine.server` takes the environment that `python -m ministack` takes. Each correction checks
that MiniStack still is what it was written for (patch.py).
"""

from lastwish.local.engine import alarms, garbage_collection, invocations, queues, tracing
from lastwish.local.engine.patch import ministack_module

# Around MiniStack's ASGI application, the outermost first. Every AWS call passes all of them: of a command, of a
# function, of the agent, of an API stage.
LAYERS = (alarms.layer, queues.layer, tracing.layer)


def main() -> None:
    """Correct MiniStack and run it. Raises EngineChanged."""
    ministack = ministack_module("app")
    alarms.install()
    tracing.install()
    invocations.install()
    garbage_collection.install()
    for layer in reversed(LAYERS):
        ministack.app = layer(ministack.app)
    ministack.main()


if __name__ == "__main__":
    main()
