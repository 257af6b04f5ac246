"""The local stack from a terminal: what Ctrl-C, SIGTERM and a closed window do to it."""

from collections.abc import Callable

from lastwish.errors import Interrupted
from lastwish.local import interrupts
from lastwish.local.stack import LocalStack, Note
from lastwish.local.state import State


def run(stack: LocalStack, up: Callable[[], State], announce: Callable[[State], None], note: Note | None) -> str | None:
    """Start a stack, announce it and, given a `note`, watch it to its end. Returns how it ended; None: it runs on.

    One span from the first process on, so that a signal finds no moment in which it only kills this command. Raises
    Interrupted before the stack was up, and what `up` and `LocalStack.watch` raise.
    """
    state = None
    with interrupts.ignored():  # a second Ctrl-C must not stop the stopping
        try:
            with interrupts.interruptible():
                state = up()
                announce(state)
                if note is None:
                    return None
                stack.watch(note)
                return "stopped from elsewhere"
        except KeyboardInterrupt:
            stack.abandon()
            if state is None:
                raise Interrupted("interrupted before the stack was up: nothing is left running") from None
            return "stopped"
