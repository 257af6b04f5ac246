"""Run the local stack from a terminal: Ctrl-C, SIGTERM and a closed window stop it, and keep its wishes."""

from collections.abc import Callable

from lastwish.errors import EngineFailed, Interrupted
from lastwish.local import interrupts
from lastwish.local.proxy.ledger import promised
from lastwish.local.stack import LocalStack
from lastwish.local.state import State
from lastwish.local.watch import Note, Watcher


def run(stack: LocalStack, up: Callable[[], State], announce: Callable[[State], None], note: Note | None) -> str | None:
    """Start a stack, announce it and, given a `note`, watch it to its end. Returns how it ended; None: it still runs.

    Start and watch are in one block, so that no signal between them leaves the stack behind. Raises Interrupted before
    the stack was up, and what `up` and `Watcher.run` raise.
    """
    state = None
    with interrupts.ignored():  # a second Ctrl-C must not interrupt the stopping
        try:
            with interrupts.interruptible():
                state = up()
                announce(state)
                if note is None:
                    return None
                Watcher(stack, note).run()
                return "stopped by another command"
        except EngineFailed:
            stack.stop_if_started_here()
            raise
        except KeyboardInterrupt:
            ours = stack.stop_if_started_here()
            if state is None:
                raise Interrupted("interrupted before the stack was up: nothing is left running") from None
            if not ours:
                return "stopped by another command"
            kept = len(set(promised(stack.home.ledger)))
            return f"stopped: `lastwish up` puts {kept} wishes back, `lastwish down` deletes them"
