"""Load and call functions as Lambda does, and read their log."""

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from snapshot_restore_py import get_before_snapshot


def load(function: str) -> ModuleType:
    """A function's handler module, as a cold start makes it."""
    sys.modules.pop(f"{function}.handler", None)  # its clients belong to the last test's moto
    # Kept, its hooks would keep those clients for ever, with botocore's models: gigabytes in a run of all tests.
    get_before_snapshot().clear()
    return importlib.import_module(f"{function}.handler")


@dataclass
class Log:
    """Log lines of the functions: JSON, with metrics among them."""

    captured: pytest.CaptureFixture[str]

    def lines(self) -> list[dict[str, Any]]:
        """Every line since the last look."""
        return [json.loads(line) for line in self.captured.readouterr().out.splitlines()]

    def metrics(self) -> dict[str, list[float]]:
        """Return values by metric since the last call. A metric with a second dimension is NAME/VALUE."""
        found: dict[str, list[float]] = {}
        for line in self.lines():
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
                [dimensions] = directive["Dimensions"]
                suffix = "".join(f"/{line[name]}" for name in dimensions if name != "service")
                for metric in directive["Metrics"]:
                    found.setdefault(metric["Name"] + suffix, []).extend(line[metric["Name"]])
        return found


class _Stdout:
    """Standard output as it is now. Powertools keeps the one that was there when it was imported; pytest changes it."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


type Invoke = Callable[[ModuleType, dict[str, Any]], dict[str, Any]]
