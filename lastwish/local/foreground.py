"""The local stack from a terminal: what Ctrl-C, SIGTERM and a closed window do to it."""

from lastwish.errors import Interrupted
from lastwish.local import interrupts
from lastwish.local.stack import LocalStack, Note, Step
from lastwish.local.state import State


def start(stack: LocalStack, port: int, address: str | None, step: Step) -> State:
    """`LocalStack.up` under Ctrl-C and SIGTERM. Raises Interrupted besides what `up` raises."""
    try:
        with interrupts.interruptible():
            return stack.up(port, address, step)
    except KeyboardInterrupt:
        raise Interrupted("interrupted before the stack was up: nothing is left running") from None


def stay(stack: LocalStack, note: Note) -> bool:
    """Watch a stack from the foreground. True: Ctrl-C or SIGTERM came and it is stopped. False: `down` stopped it."""
    with interrupts.ignored():  # a second Ctrl-C must not stop the stopping
        try:
            with interrupts.interruptible():
                stack.watch(note)
        except KeyboardInterrupt:
            stack.down()
            return True
    return False
