"""Sources of an import: files by DuckDB or SQLite, tables by PostgreSQL, all through a few SELECTs.

Rows come as a stream, so that memory stays flat. What an engine can say as text comes as text (key, destination, time):
a date that Python cannot hold then spoils one row and not the whole import.
"""

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lastwish.errors import UsageError
from lastwish.shipping.importing.mapping import Mapping
from lastwish.shipping.sql import literal, quoted

_MOST_DUPLICATES = 100_000
_LONGEST_LINE = 32 * 2**20
_MEMORY = "512MB"  # beyond it DuckDB sorts and groups on the disk
_AT_ONCE = 1000

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
    """

    fingerprint: str
    relation: str
    naming: str
    as_text = "CAST({} AS VARCHAR)"
    after = "OFFSET {}"

    def __init__(self, mapping: Mapping) -> None:
        self.mapping, self.order = mapping, mapping.order

    @abstractmethod
    def fetch(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query, as a stream. Raises UsageError, which quotes nothing of the source."""

    def check(self) -> None:
        """Look for the columns of the mapping. Raises UsageError."""
        if missing := sorted(self.mapping.columns - {str(name) for name, *_ in self.fetch(self.naming)}):
            raise UsageError(f"the source has no column {', '.join(missing)}: mend the mapping")

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
            message = self.typed(message) if typed[0].column else message  # noqa: PLW2901 - of a column, as Python has it
            name = self.typed(name) if typed[1].column else name  # noqa: PLW2901
            yield Row(number, tuple(key), message, name, destination, time)

    def select(self, what: str, *rest: str) -> str:
        """Return the SQL of a query. Names in it are ``quoted``, and constants are a ``literal``."""
        return " ".join(("SELECT", what, "FROM", self.relation, "AS source", *rest))

    def _text(self, column: str) -> str:
        return self.as_text.format(quoted(column))

    def typed(self, value: object) -> object:
        """Return what a person typed as Python has it; what is no text stays none."""
        return value

    def unreadable_lines(self) -> list[tuple[int, str]]:
        """Return numbers and faults of the lines that were left out, once all rows were read."""
        return []


class DuckFile(Source):
    """Parquet, by the parts of DuckDB that are in its package: nothing is downloaded.

    What does not fit into memory is put into a folder beside the source: it may be what people typed.
    """

    def __init__(self, path: Path, mapping: Mapping) -> None:
        super().__init__(mapping)
        _need("duckdb")
        import duckdb

        never = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        self._connection = duckdb.connect(config={"threads": "1", "memory_limit": _MEMORY, **never})
        self._connection.execute(f"SET TimeZone = 'UTC'; SET temp_directory = {literal(f'{path}.spilled')}")
        self.fingerprint, self._path, self._errors = _fingerprint(path), literal(str(path)), duckdb.Error
        self.relation = self.reading()
        self.naming = f"DESCRIBE {self.select('*')}"

    def reading(self) -> str:
        """Return the table function that reads the file."""
        return f"read_parquet({self._path})"

    def fetch(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows."""
        try:
            found = self._connection.execute(sql)
            while some := found.fetchmany(_AT_ONCE):
                yield from some
        except self._errors as error:
            raise UsageError(f"DuckDB cannot read {self._path}: {type(error).__name__}") from None


class CsvFile(DuckFile):
    """CSV in UTF-8 with a head. All is text; a line that is no row is left out and named."""

    def reading(self) -> str:
        """Read a line that is longer than any wish, too: it is one bad row and not the end."""
        return self._reading("ignore_errors=true")

    def rows(self, skip: int) -> Iterator[Row]:
        """Yield the rows, and note the other lines."""
        self.relation = self._reading("store_rejects=true, rejects_limit=0")
        yield from super().rows(skip)

    def _reading(self, faults: str) -> str:
        options = f"delim={literal(self.mapping.delimiter)}, quote='\"', max_line_size={_LONGEST_LINE}"
        return f"read_csv({self._path}, {options}, header=true, all_varchar=true, {faults})"

    def unreadable_lines(self) -> list[tuple[int, str]]:
        """Return what DuckDB noted: the number of the line in the file, and the kind of its fault."""
        found = self.fetch("SELECT line, lower(min(error_type)) FROM reject_errors GROUP BY line ORDER BY line")
        return [(int(line), str(kind)) for line, kind in found]


class JsonLines(DuckFile):
    """A JSON object per line. A line that is none has no key."""

    as_text = "({}->>'$')"  # without its quotes

    def reading(self) -> str:
        """Read the columns of the mapping, and look for no others."""
        columns = ", ".join(f"{quoted(name)}: 'JSON'" for name in sorted(self.mapping.columns))
        lines = f"format='newline_delimited', ignore_errors=true, maximum_object_size={_LONGEST_LINE}"
        return f"read_json({self._path}, columns={{{columns}}}, {lines})"

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

    def __init__(self, path: Path, mapping: Mapping) -> None:
        super().__init__(mapping)
        self.fingerprint, self.relation = _fingerprint(path), quoted(_table(mapping))
        # A name that is no column would be a text to SQLite.
        self.naming = f"SELECT name FROM pragma_table_info({literal(mapping.table)})"  # nosec B608 # noqa: S608
        self._uri = f"{path.resolve().as_uri()}?mode=ro"

    def fetch(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows."""
        try:
            with closing(sqlite3.connect(self._uri, uri=True)) as connection:
                connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
                yield from connection.execute(sql)
        except sqlite3.Error as error:
            raise UsageError(f"SQLite cannot read the source: {error}") from error


class PostgresTable(Source):
    """A table or view of PostgreSQL, read in one transaction through a cursor of the server."""

    def __init__(self, address: str, mapping: Mapping) -> None:
        super().__init__(mapping)
        _need("psycopg")
        self.order = mapping.order or mapping.key  # else the server gives any
        self.relation = ".".join(map(quoted, _table(mapping).split(".")))
        of = f"WHERE attnum > 0 AND attrelid = {literal(self.relation)}::regclass"
        self.naming = f"SELECT attname FROM pg_attribute {of}"  # nosec B608 # noqa: S608 - a literal
        self.fingerprint, self._address = sha256(f"{address} {self.relation}".encode()).hexdigest(), address

    def fetch(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows."""
        import psycopg

        options = "-c timezone=UTC -c datestyle=ISO -c default_transaction_read_only=on"
        try:
            with psycopg.connect(self._address, options=options) as connection, connection.cursor("import") as cursor:
                yield from cursor.execute(sql.encode())
        except psycopg.Error as error:
            raise UsageError(f"PostgreSQL does not answer as it should: {type(error).__name__}") from None


_DUCK = {".csv": CsvFile, ".parquet": DuckFile, ".jsonl": JsonLines, ".ndjson": JsonLines}
_KINDS: dict[str, type[DuckFile | SqliteFile]] = {**_DUCK, **dict.fromkeys((".sqlite", ".sqlite3", ".db"), SqliteFile)}


def open_source(where: str, mapping: Mapping) -> Source:
    """Return the source at a path (by its ending) or at a ``postgresql://`` address. Raises UsageError."""
    if where.startswith(("postgresql://", "postgres://")):
        return PostgresTable(where, mapping)
    path, kinds = Path(where), ", ".join(_KINDS)
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if path.suffix not in _KINDS or set(where) & set("*?["):  # which DuckDB takes for a pattern
        raise UsageError(f"a source ends on one of {kinds}, and has no *, ? or [ in its path: rename or export {path}")
    return _KINDS[path.suffix](path, mapping)


def _need(package: str) -> None:
    if find_spec(package) is None:
        raise UsageError(f"this source is read by {package}: run `make setup`, then this again")


def _table(mapping: Mapping) -> str:
    if not mapping.table:
        raise UsageError("the mapping has no `table`: a database has many")
    return mapping.table


def _fingerprint(path: Path) -> str:
    status = path.stat()
    return f"{path.name} {status.st_size} {status.st_mtime_ns}"
