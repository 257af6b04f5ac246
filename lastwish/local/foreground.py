"""Run the local stack from a terminal: Ctrl-C, SIGTERM and a closed window stop it."""

from collections.abc import Callable

from lastwish.errors import Interrupted
from lastwish.local import interrupts
from lastwish.local.stack import LocalStack, Note
from lastwish.local.state import State


def run(stack: LocalStack, up: Callable[[], State], announce: Callable[[State], None], note: Note | None) -> str | None:
    """Start a stack, announce it and, given a `note`, watch it to its end. Returns how it ended; None: it still runs.

    Start and watch are in one block, so that no signal between them leaves the stack behind. Raises Interrupted before
    the stack was up, and what `up` and `LocalStack.watch` raise.
    """
    state = None
    with interrupts.ignored():  # a second Ctrl-C must not interrupt the stopping
        try:
            with interrupts.interruptible():
                state = up()
                announce(state)
                if note is None:
                    return None
                stack.watch(note)
                return "stopped by another command"
        except KeyboardInterrupt:
            stack.stop_if_started_here()
            if state is None:
                raise Interrupted("interrupted before the stack was up: nothing is left running") from None
            return "stopped"
