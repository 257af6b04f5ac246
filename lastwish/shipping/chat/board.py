"""Alarms and drills in a channel: posted when they begin, ended when they are over, quiet while somebody muted them."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from threading import Lock

from lastwish.shipping.chat.messages import Channel, button, escaped, linked, pieces
from lastwish.shipping.chat.people import ChatError
from lastwish.shipping.chat.watch import Signal

HOUR = 3600.0  # seconds


class Board:
    """What is on, as the channel knows it, by its key. What Slack does not take is posted at the next look."""

    def __init__(self, channel: Channel, now: Callable[[], float] = time.time) -> None:
        self._channel, self._now, self._lock = channel, now, Lock()
        self._on: dict[str, tuple[Signal, str]] = {}  # and its message, empty where it is muted
        self._muted: dict[str, float] = {}  # until when, in seconds since 1970

    def look(self, environment: str, signals: Iterable[Signal]) -> None:
        """Take over what there is now in an environment, and post what is new, over, or on after it was muted."""
        found, now = {each.key: each for each in signals}, self._now()
        with self._lock:
            for key in [key for key in self._on if key.startswith(f"{environment} ")]:
                if key not in found or found[key].over:
                    self._end(key, found[key].over if key in found else "it is off again")
            for key, signal in found.items():
                ended = self._muted.get(key, now + 1) <= now
                if not signal.over and (ended or key not in self._on):
                    self._begin(signal, "is still on" if ended else "is on")
            self._muted = {key: until for key, until in self._muted.items() if until > now}

    def mute(self, key: str, by: str) -> str:
        """Let a signal be quiet for an hour. Return who did that, and until when. Raises ChatError where it is off."""
        with self._lock:
            if key not in self._on:
                raise ChatError("it is off already", next_step="there is nothing to be muted")
            self._muted[key] = self._now() + HOUR
            words = f"muted by {by} until {datetime.fromtimestamp(self._muted[key], UTC):%H:%M UTC}"
            signal, message = self._on[key]
            self._channel.send(*_said(signal, words), ts=message)
        return words

    def _begin(self, signal: Signal, state: str) -> None:
        message, muted = "", self._muted.get(signal.key, 0) > self._now()
        if not muted:
            mute = button("mute", "Mute for an hour", signal.key)
            message = self._channel.send(*_said(signal, state), buttons=(mute,))
        if message or muted:
            self._on[signal.key] = (signal, message)

    def _end(self, key: str, words: str) -> None:
        signal, message = self._on.pop(key)
        if message:
            self._channel.send(*_said(signal, f"is over: {words}"), ts=message)
            if key not in self._muted:
                self._channel.send(pieces(words)[0], thread_ts=message)


def _said(signal: Signal, state: str) -> list[str]:
    title = escaped(f"{signal.key} {state}")
    return [title, *pieces(signal.words), *([linked(signal.runbook, "runbook")] if signal.runbook else [])]
