"""The presenter's keys, read from a terminal."""

import os
import pty
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from io import TextIOWrapper

import pytest

from lastwish.show.prompter import Key, pressed, terminal


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of a terminal that stdin is connected to."""
    keys, screen = pty.openpty()
    with os.fdopen(screen) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield keys
    os.close(keys)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("n", Key.NEXT),
        (" ", Key.NEXT),
        ("\n", Key.NEXT),
        ("P", Key.PAUSE),
        ("s", Key.SKIP),
        ("x", Key.PANIC),
        ("q", Key.QUIT),
    ],
)
def test_a_key_works_without_enter(keyboard: int, typed: str, key: Key) -> None:
    with terminal() as can_press:
        assert can_press
        os.write(keyboard, typed.encode())
        assert pressed(5, can_press) is key


@pytest.mark.parametrize("typed", ["z", "é", "\x1b"])
def test_another_key_does_nothing(keyboard: int, typed: str) -> None:
    with terminal() as can_press:
        os.write(keyboard, typed.encode())
        assert pressed(5, can_press) is None


def test_the_terminal_is_as_before_when_a_show_ends_badly(keyboard: int) -> None:
    before = termios.tcgetattr(sys.stdin)
    with suppress(KeyboardInterrupt), terminal():
        assert termios.tcgetattr(sys.stdin) != before
        raise KeyboardInterrupt
    assert termios.tcgetattr(sys.stdin) == before
    assert keyboard


def test_without_a_terminal_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    with TextIOWrapper(os.fdopen(read, "rb")) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        os.close(write)
        with terminal() as can_press:
            assert not can_press
            assert pressed(0, can_press) is None
