"""Tables of an old system, made up, in every form that an import reads."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from domain.screening import HeldWords
from lastwish.shipping.importing.fitting import Fitter, Rules
from lastwish.shipping.importing.mapping import FieldOf, Mapping, TimeOf
from lastwish.shipping.importing.sources import Row

NOW = datetime(2045, 1, 1, tzinfo=UTC)
COLUMNS = ("id", "author", "dest", "body", "created_at")
RULES = Rules(frozenset(), HeldWords(["damn"]))
MAPPING = Mapping(
    source="letters",
    table="letters",
    key=("id",),
    message=FieldOf(column="body"),
    name=FieldOf(column="author"),
    destination=FieldOf(column="dest", values={"M": "mars", "J": "jupiter"}),
    time=TimeOf(column="created_at"),
)
MAPPING_FILE = """\
source = "letters"
table = "letters"
key = "id"
message = "body"
name = "author"
time = "created_at"
[destination]
column = "dest"
values = { M = "mars", J = "jupiter" }
"""

type Letter = tuple[Any, ...]


def letters(count: int) -> list[Letter]:
    """Letters as COLUMNS: every third goes to Jupiter."""
    return [
        (n, f"Writer {n}", "J" if n % 3 == 0 else "M", f"Water garden {n}", f"2019-01-01T00:00:{n % 60:02}")
        for n in range(1, count + 1)
    ]


def write_sqlite(path: Path, rows: Sequence[Letter]) -> Path:
    """Write a database with the table `letters`, whose columns have no types: SQLite keeps what it gets."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE letters ({', '.join(COLUMNS)})")
        connection.executemany("INSERT INTO letters VALUES (?, ?, ?, ?, ?)", rows)
        connection.commit()
    return path


def write_parquet(path: Path, rows: Sequence[Letter]) -> Path:
    """Write a file with typed columns: id is a number, created_at a timestamp."""
    jsonl = write_jsonl(path.with_suffix(".jsonl"), rows)
    types = "{id: 'BIGINT', author: 'VARCHAR', dest: 'VARCHAR', body: 'VARCHAR', created_at: 'TIMESTAMP'}"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_json('{jsonl}', columns={types})) TO '{path}' (FORMAT parquet)")
    return path


def write_jsonl(path: Path, rows: Sequence[Letter]) -> Path:
    path.write_text("".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows))
    return path


def write_csv(path: Path, rows: Sequence[Letter]) -> Path:
    path.write_text("\n".join(",".join(map(str, row)) for row in [COLUMNS, *rows]) + "\n")
    return path


def row(message: object = "Water the garden", **changes: Any) -> Row:
    """One row that fits."""
    fits = {"number": 7, "key": ("7",), "name": "Ana", "destination": "M", "time": "2019-01-01"}
    return Row(message=message, **{**fits, **changes})  # type: ignore[arg-type]


def fitter(mapping: Mapping = MAPPING, **changes: Any) -> Fitter:
    """Make wishes as if it were NOW."""
    return Fitter(**{"mapping": mapping, "rules": RULES, "duplicates": frozenset(), "clock": lambda: NOW, **changes})
