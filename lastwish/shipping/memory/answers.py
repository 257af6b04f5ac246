"""What a query answered, in the same form from Athena and from DuckDB."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from lastwish.errors import UsageError

type Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Found:
    """``rows`` hold a cell for each column; ``more`` tells that there were others. ``facts`` are about the engine."""

    columns: list[str]
    rows: list[list[Cell]]
    more: bool
    facts: dict[str, Any] = field(default_factory=dict)

    def documents(self) -> list[dict[str, Cell]]:
        """Return each row as an object. Raises UsageError where two columns have one name."""
        if twice := {name for name in self.columns if self.columns.count(name) > 1}:
            raise UsageError(f"two columns are called {', '.join(sorted(twice))}: give one another name with AS")
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def cell(value: object) -> Cell:
    """Return a value of DuckDB as JSON has it; times as Athena writes them, in UTC with milliseconds."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else str(value)  # which JSON has no number for
        case datetime():
            return value.isoformat(sep=" ", timespec="milliseconds")
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
    return str(value)
