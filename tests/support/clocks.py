"""Clocks that disagree."""

from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest


def set_clock(monkeypatch: pytest.MonkeyPatch, module: ModuleType, seconds: float) -> None:
    """Set the clock that a module reads this far ahead of the real time, or behind it where negative."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) + timedelta(seconds=seconds)

    monkeypatch.setattr(module, "datetime", Shifted)
