"""Tables, views and ready-made queries of the long memory: one text for Athena and for DuckDB.

A file of a query begins with comment lines: its title, then what it answers, then a line ``-- ? NAME: what it is`` for
each parameter, in their order. Parameters stand as ``?`` in the text, and are bound, never pasted.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from lastwish.errors import UsageError
from lastwish.shipping.written import read_written

_HERE = Path(__file__).parent

# Columns by table, with their types in Glue. Firehose writes Parquet by them, and leaves out what is not named here.
TABLES = {
    "event_records": {
        "wish_id": "string", "version": "int", "position": "int", "commit_id": "string", "correlation_id": "string",
        "trace_id": "string", "stored_at": "string", "type": "string", "time": "string", "destination": "string",
        "reason": "string", "seat": "int", "decided_by": "string",
    },
    "log_records": {
        "timestamp": "string", "level": "string", "service": "string", "message": "string", "correlation_id": "string",
        "wish_id": "string", "wish_ids": "array<string>", "outcome": "string", "reason": "string", "error": "string",
        "problem": "string", "action": "string", "xray_trace_id": "string", "sanitised": "boolean",
    },
}  # fmt: skip
FOLDERS = {"event_records": "events", "log_records": "logs"}  # of a bucket, and of an export
VIEWS = ("events", "commits", "wishes", "log_lines")  # each may use those before it

# Ids, days and numbers. Athena takes a parameter as a piece of SQL: nothing that could end a text may be in it.
_VALUE = re.compile(r"[A-Za-z0-9_.:=+-]{1,200}")


@dataclass(frozen=True)
class Statement:
    """A query. ``parameters`` are their descriptions by name, in the order in which they stand in ``sql``."""

    name: str
    title: str
    about: str
    parameters: dict[str, str]
    sql: str

    def bind(self, values: list[str]) -> list[str]:
        """Return the values if they are as many as there are parameters, and harmless. Raises UsageError."""
        if len(values) != len(self.parameters):
            wanted = " ".join(self.parameters) or "no parameters"
            raise UsageError(f"{self.name} takes {wanted}: lastwish query {' '.join([self.name, *self.parameters])}")
        for name, value in zip(self.parameters, values, strict=True):
            if not _VALUE.fullmatch(value):
                raise UsageError(f"{name} must be an id, a day or a number: letters, digits and any of _ . : = + -")
        return values


def parse(name: str, text: str) -> Statement:
    """Parse a file of SQL. Raises UsageError where it holds no statement."""
    lines = text.strip().splitlines()
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    sql = "\n".join(line for line in lines if not line.startswith("--")).strip().removesuffix(";")
    if not sql:
        raise UsageError(f"there is no SQL in {name}")
    declared = [each.removeprefix("?").partition(":") for each in comments if each.startswith("?")]
    title, *about = [each for each in comments if not each.startswith("?")] or [name]
    return Statement(name, title, " ".join(about), {key.strip(): words.strip() for key, _, words in declared}, sql)


def view(name: str) -> Statement:
    """Return the SELECT behind a view; its first comment is its title."""
    return parse(name, (_HERE / "views" / f"{name}.sql").read_text())


def queries() -> list[Statement]:
    """Return the ready-made queries, by name."""
    return [parse(file.stem, file.read_text()) for file in sorted((_HERE / "queries").glob("*.sql"))]


def find(name_or_file: str) -> Statement:
    """Return a ready-made query, or the one in a file. Raises UsageError."""
    ready = {each.name: each for each in queries()}
    if name_or_file in ready:
        return ready[name_or_file]
    try:
        return parse(name_or_file, read_written(Path(name_or_file)))
    except (OSError, ValueError) as error:
        step = f"one of {', '.join(ready)} (`lastwish query --list`), or a file of SQL in UTF-8"
        fault = f"{name_or_file!r} is no ready-made query, nor a file that can be read: {error}"
        raise UsageError(fault, next_step=step) from None
