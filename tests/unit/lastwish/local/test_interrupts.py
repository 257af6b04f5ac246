"""What a signal does to a command that has something to undo."""

import signal

import pytest

from lastwish.errors import Interrupted
from lastwish.local import interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_the_block_in_words_and_the_handlers_are_those_of_before(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match="it is undone"), interrupts.ending("it is undone"):
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_what_else_is_raised_in_the_block_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="no"), interrupts.ending("it is undone"):
        raise ValueError("no")
