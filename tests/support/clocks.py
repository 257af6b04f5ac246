"""Clocks that disagree, or stand still."""

from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest


class Clock:
    """Seconds since 1970, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1_000_000.0  # 13:46 UTC

    def __call__(self) -> float:
        return self.now


def set_clock(monkeypatch: pytest.MonkeyPatch, module: ModuleType, seconds: float) -> None:
    """Set the clock that a module reads this far ahead of the real time, or behind it where negative."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) + timedelta(seconds=seconds)

    monkeypatch.setattr(module, "datetime", Shifted)
