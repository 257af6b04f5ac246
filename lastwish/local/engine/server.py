"""The engine as a process: MiniStack as it is, but for what the modules that are installed here correct.

`python -m lastwish.local.engine.server` takes the environment that `python -m ministack` takes, and runs its main. Each
correction is made before that, and checks that what it replaces is still what we read: see correcting.py.
"""

from lastwish.local.engine import alarms, clock, invocations, pauses, queues, tracing
from lastwish.local.engine.correcting import part


def main() -> None:
    """Correct MiniStack and run it. Raises EngineChanged."""
    ministack = part("app")
    alarms.install()
    tracing.install()
    invocations.install()
    pauses.install()
    ministack.app = clock.ticking(queues.answering(tracing.carrying(ministack.app)))
    ministack.main()


if __name__ == "__main__":
    main()
