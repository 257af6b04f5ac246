"""Sources of an import: files by DuckDB or SQLite, tables by PostgreSQL, all through a few SELECTs.

Rows come as a stream, so that memory stays flat. What an engine can say as text comes as text (key, destination, time):
a date that Python cannot hold then spoils one row and not the whole import.
"""

import json
import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any

from lastwish.errors import UsageError, need
from lastwish.shipping.importing.csv_copy import FAULTS, LONGEST, RECORDS, write_copy
from lastwish.shipping.importing.mapping import MEND, Mapping
from lastwish.shipping.sql import literal, quoted

_MOST_DUPLICATES = 100_000
_LONGEST_LINE = 32 * 2**20
_MEMORY = 512  # MiB; beyond it DuckDB sorts and groups on the disk
_AT_ONCE = 1000
_PATIENCE = 3600  # seconds that a database may take to its next row: a view may have no end

_WHOLE = f"look whether it is whole; where it is wide, export the columns of the mapping alone: {_MEMORY} MiB must do"
_ENDLESS = f"look at the table: a view may have no end, and must give its next row within {_PATIENCE:g} s"

type Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """``number`` counts from 1 in the order of the source. ``key`` are texts, None where the source has none."""

    number: int
    key: Key
    message: object
    name: object
    destination: object
    time: object


class Source(ABC):
    """A table of some engine. ``fingerprint`` changes where its content does, as far as that can be seen cheaply.

    ``naming`` is the query for its columns, ``as_text`` the SQL of a column as text, ``after`` that of rows left out.
    ``scratch`` is a folder for what an engine wants to put aside; it may be what people typed.
    """

    fingerprint: str
    relation: str
    naming: str
    as_text = "CAST({} AS VARCHAR)"
    after = "OFFSET {}"

    def __init__(self, mapping: Mapping, scratch: Path) -> None:
        self.mapping, self.order, self.scratch = mapping, mapping.order, scratch

    @abstractmethod
    def fetch(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query, as a stream. Raises UsageError, which quotes nothing of the source."""

    def check(self) -> None:
        """Look for the columns of the mapping, before anything else is read. Raises UsageError."""
        names = self.names()
        if not names:
            raise UsageError(f"the source has no table {self.mapping.table}", next_step=MEND)
        if missing := sorted(self.mapping.columns - names):
            raise UsageError(f"the source has no column {', '.join(missing)}", next_step=MEND)

    def names(self) -> set[str]:
        """Return the names of the columns."""
        return {str(name) for name, *_ in self.fetch(self.naming)}

    def count(self) -> int:
        """Return the number of rows that can be read."""
        return int(next(self.fetch(self.select("count(*)")))[0])

    def duplicates(self) -> set[Key]:
        """Return the keys that more than one row has. Raises UsageError where they are too many for a key."""
        keys = ", ".join(self._text(column) for column in self.mapping.key)
        many = self.fetch(self.select(keys, f"GROUP BY {keys} HAVING count(*) > 1 LIMIT {_MOST_DUPLICATES + 1}"))
        found = {key for key in many if None not in key}
        if len(found) > _MOST_DUPLICATES:
            raise UsageError(f"more than {_MOST_DUPLICATES} keys are there twice: `key` is no key of this source")
        return found

    def rows(self, skip: int) -> Iterator[Row]:
        """Yield the rows after the first ``skip``."""
        typed, said = (self.mapping.message, self.mapping.name), (self.mapping.destination, self.mapping.time)
        wanted = [self._text(column) for column in self.mapping.key]
        wanted += [quoted(each.column) if each.column else literal(each.constant) for each in typed]
        wanted += [self._text(each.column) if each.column else literal(each.constant) for each in said]
        # With the table's name: PostgreSQL would take the text of a key, which it calls like its column.
        by = ", ".join(f"source.{quoted(each)}" for each in (*self.order, *self.mapping.key))
        order = f"ORDER BY {by}" if self.order else ""
        sql = self.select(", ".join(wanted), order, self.after.format(skip) if skip else "")
        for number, (*key, message, name, destination, time) in enumerate(self.fetch(sql), skip + 1):
            texts = [self.typed(each) if of.column else each for of, each in zip(typed, (message, name), strict=True)]
            yield Row(number, tuple(key), texts[0], texts[1], destination, time)

    def select(self, what: str, *rest: str) -> str:
        """Return the SQL of a query. Names in it are ``quoted``, and constants are a ``literal``."""
        return " ".join(("SELECT", what, "FROM", self.relation, "AS source", *rest))

    def _text(self, column: str) -> str:
        return self.as_text.format(quoted(column))

    def typed(self, value: object) -> object:
        """Return what a person typed as Python has it; what is no text stays none."""
        return value

    def unreadable_lines(self) -> Iterator[tuple[int, str]]:
        """Yield numbers and faults of the lines that were left out."""
        yield from ()


class DuckFile(Source):
    """Parquet, by the parts of DuckDB that are in its package: nothing is downloaded."""

    def __init__(self, path: Path, mapping: Mapping, scratch: Path) -> None:
        super().__init__(mapping, scratch)
        need("this source", "duckdb")
        import duckdb

        never = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        self._connection = duckdb.connect(config={"threads": "1", "memory_limit": f"{_MEMORY}MiB", **never})
        self.fingerprint, self.path, self._errors = _fingerprint(path), path, duckdb.Error
        list(self.fetch(f"SET TimeZone = 'UTC'; SET temp_directory = {literal(str(scratch))}"))
        self.relation = self.reading()
        self.naming = f"DESCRIBE {self.select('*')}"

    def reading(self) -> str:
        """Return the table function that reads the file."""
        return f"read_parquet({literal(str(self.path))})"

    def fetch(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows."""
        try:
            found = self._connection.execute(sql)
            while some := found.fetchmany(_AT_ONCE):
                yield from some
        except self._errors as error:
            raise UsageError(f"DuckDB cannot read {self.path}: {type(error).__name__}", next_step=_WHOLE) from None
        except RuntimeError:  # so it says that somebody pressed Ctrl-C
            raise KeyboardInterrupt from None


class CsvFile(DuckFile):
    """CSV in UTF-8 with a head. All is text. DuckDB reads a copy, without the lines that are no record of the head.

    Its own reader gives up at some wrong quotes, and leaves out what follows others.
    """

    def reading(self) -> str:
        """Read the copy: its columns are those of the mapping."""
        columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in sorted(self.mapping.columns))
        form = f"delim=',', quote='\"', escape='\"', header=false, new_line='\\n', max_line_size={8 * LONGEST}"
        return f"read_csv({literal(str(self.scratch / RECORDS))}, auto_detect=false, columns={{{columns}}}, {form})"

    def names(self) -> set[str]:
        """Return the names in the head, and make the copy."""
        return set(write_copy(self.path, self.mapping.delimiter, sorted(self.mapping.columns), self.scratch))

    def unreadable_lines(self) -> Iterator[tuple[int, str]]:
        """Yield them from a file."""
        with (self.scratch / FAULTS).open() as faults:
            for line in faults:
                number, _, fault = line.strip().partition(" ")
                yield int(number), fault


class JsonLines(DuckFile):
    """A JSON object per line. A line that is none has no key."""

    as_text = "({}->>'$')"  # without its quotes

    def reading(self) -> str:
        """Read the columns of the mapping, and look for no others."""
        columns = ", ".join(f"{quoted(name)}: 'JSON'" for name in sorted(self.mapping.columns))
        lines = f"format='newline_delimited', ignore_errors=true, maximum_object_size={_LONGEST_LINE}"
        return f"read_json({literal(str(self.path))}, columns={{{columns}}}, {lines})"

    def typed(self, value: object) -> object:
        """Return the value in a JSON text."""
        try:
            return json.loads(value) if isinstance(value, str) else value
        except (ValueError, RecursionError):
            return ...


class SqliteFile(Source):
    """A table or view of a SQLite file, opened for reading only. Bytes that are no UTF-8 become lone surrogates."""

    as_text = "CAST({} AS TEXT)"
    after = "LIMIT -1 OFFSET {}"  # SQLite knows no OFFSET without LIMIT

    def __init__(self, path: Path, mapping: Mapping, scratch: Path) -> None:
        super().__init__(mapping, scratch)
        self.fingerprint, self.relation = _fingerprint(path), quoted(_table(mapping))
        # A name that is no column would be a text to SQLite.
        self.naming = f"SELECT name FROM pragma_table_info({literal(mapping.table)})"  # nosec B608 # noqa: S608
        self._uri = f"{path.resolve().as_uri()}?mode=ro"

    def fetch(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows."""
        until = monotonic() + _PATIENCE
        try:
            with closing(sqlite3.connect(self._uri, uri=True)) as connection:
                connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
                connection.execute(f"PRAGMA hard_heap_limit = {_MEMORY * 2**20}")
                connection.set_progress_handler(lambda: monotonic() > until, 10_000)  # Ctrl-C comes through it, too
                for row in connection.execute(sql):
                    yield row
                    until = monotonic() + _PATIENCE
        except (sqlite3.Error, MemoryError) as error:
            if monotonic() < until and getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from None
            fault = str(error) or f"it needs more than {_MEMORY} MiB"
            raise UsageError(f"SQLite cannot read the source: {fault}", next_step=_ENDLESS) from error


class PostgresTable(Source):
    """A table or view of PostgreSQL, read in one transaction through a cursor of the server."""

    def __init__(self, address: str, mapping: Mapping, scratch: Path) -> None:
        super().__init__(mapping, scratch)
        need("this source", "psycopg")
        self.order = mapping.order or mapping.key  # else the server gives any
        self.relation = ".".join(map(quoted, _table(mapping).split(".")))
        of = f"WHERE attnum > 0 AND attrelid = to_regclass({literal(self.relation)})"
        self.naming = f"SELECT attname FROM pg_attribute {of}"  # nosec B608 # noqa: S608 - a literal
        self.fingerprint, self._address = sha256(f"{address} {self.relation}".encode()).hexdigest(), address

    def fetch(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows."""
        import psycopg

        options = f"-ctimezone=UTC -cdatestyle=ISO -cdefault_transaction_read_only=on -cstatement_timeout={_PATIENCE}s"
        try:
            with psycopg.connect(self._address, options=options) as connection, connection.cursor("import") as cursor:
                yield from cursor.execute(sql.encode())
        except psycopg.Error as error:
            # Others may repeat a row's text, or the password in an address that is none.
            told = isinstance(error, psycopg.OperationalError) or (error.sqlstate or "").startswith("42")
            said = re.sub(r"\S*@", "", str(error).partition("\n")[0]) if told else "its words may have a text in them"
            fault = f"PostgreSQL does not answer as it should: {type(error).__name__}: {said}"
            raise UsageError(fault, next_step="look at the address, the password (PGPASSWORD) and the table") from None


_DUCK = {".csv": CsvFile, ".parquet": DuckFile, ".jsonl": JsonLines, ".ndjson": JsonLines}
_KINDS: dict[str, type[DuckFile | SqliteFile]] = {**_DUCK, **dict.fromkeys((".sqlite", ".sqlite3", ".db"), SqliteFile)}


def open_source(where: str, mapping: Mapping, scratch: Path) -> Source:
    """Return the source at a path (by its ending) or at a ``postgresql://`` address. Raises UsageError."""
    if where.startswith(("postgresql://", "postgres://")):
        return PostgresTable(where, mapping, scratch)
    path, kinds = Path(where), ", ".join(_KINDS)
    if not path.is_file():
        raise UsageError(f"{path} is a folder or a device" if path.exists() else f"there is no file {path}")
    if path.suffix not in _KINDS or set(where) & set("*?["):  # which DuckDB takes for a pattern
        raise UsageError(f"a source ends on one of {kinds}, and has no *, ? or [ in its path: rename or export {path}")
    return _KINDS[path.suffix](path, mapping, scratch)


def _table(mapping: Mapping) -> str:
    if not mapping.table:
        raise UsageError("the mapping has no `table`: a database has many")
    return mapping.table


def _fingerprint(path: Path) -> str:
    status = path.stat()
    return f"{path.name} {status.st_size} {status.st_mtime_ns}"
