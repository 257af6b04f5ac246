"""The long memory by DuckDB: over rows that were collected, or over a folder of Parquet as Firehose writes it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import duckdb

from lastwish.errors import CommandError, NotYet, OperatorError, UsageError
from lastwish.shipping.memory.answers import Found, cell
from lastwish.shipping.memory.collect import Row
from lastwish.shipping.memory.statements import FOLDERS, TABLES, VIEWS, Statement, view
from lastwish.shipping.sql import literal

_SELECT = duckdb.StatementType.SELECT
_TYPES = {"string": "VARCHAR", "int": "INTEGER", "boolean": "BOOLEAN", "array<string>": "VARCHAR[]"}
# What Athena's functions are called here, so that one text does for both.
_MACROS = (
    "CREATE MACRO from_iso8601_timestamp(moment) AS CAST(moment AS TIMESTAMPTZ)",
    "CREATE MACRO array_join(parts, between) AS array_to_string(parts, between)",
)


class Memory:
    """Tables and views in the memory of this process. Close it after use: it is a context manager."""

    def __init__(self) -> None:
        never = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        self._connection = duckdb.connect(":memory:", config={"memory_limit": "2GiB", "temp_directory": "", **never})
        self._locked = False
        for macro in _MACROS:
            self._connection.execute(macro)
        for table in TABLES:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in _columns(table).items())
            self._connection.execute(f"CREATE TABLE {table} ({columns})")
        for name in VIEWS:
            self._connection.execute(f"CREATE VIEW {name} AS {view(name).sql}")

    def __enter__(self) -> "Memory":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def add(self, rows: Mapping[str, Iterable[Row]]) -> None:
        """Add rows by table."""
        for table, some in rows.items():
            with NamedTemporaryFile("w", suffix=".json", delete_on_close=False) as file:
                file.writelines(json.dumps(row) + "\n" for row in some)
                file.close()
                columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _columns(table).items())
                read = f"read_json(?, format = 'newline_delimited', columns = {{{columns}}})"
                self._connection.execute(f"INSERT INTO {table} BY NAME FROM {read}", [file.name])

    def read(self, folder: Path) -> None:
        """Add the Parquet in a folder: ``events/day=…/*`` and ``logs/day=…/*``. Raises UsageError, OperatorError."""
        found = {table: sorted(map(str, folder.glob(f"{name}/day=*/*"))) for table, name in FOLDERS.items()}
        if not any(found.values()):
            raise UsageError(
                f"{folder} has no Parquet of the long memory: lastwish query --export {folder} writes what this laptop "
                "has, and docs/queries.md tells how to copy a stack's"
            )
        read = "read_parquet(?, hive_partitioning = true, hive_types = {'day': VARCHAR}, union_by_name = true)"
        with _plain(f"cannot read the Parquet in {folder}", OperatorError):
            for table, files in found.items():
                if files:
                    self._connection.execute(f"INSERT INTO {table} BY NAME FROM {read}", [files])

    def export(self, folder: Path) -> dict[str, int]:
        """Write the tables as Parquet into a new folder, by day. Return how many rows, by table.

        Raises UsageError where the folder holds something, OperatorError where it cannot be written.
        """
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise UsageError(f"{folder} is not empty: name a new folder")
        written = {}
        with _plain(f"cannot write to {folder}", OperatorError):
            folder.mkdir(parents=True, exist_ok=True)
            for table, name in FOLDERS.items():
                target = literal(str(folder / name))
                copied = self._connection.execute(f"COPY {table} TO {target} (FORMAT parquet, PARTITION_BY (day))")
                [written[table]] = copied.fetchone() or [0]
        return written

    def columns(self, view: str) -> dict[str, str]:
        """Return the columns of a view, with DuckDB's types."""
        return {row[0]: row[1] for row in self._connection.execute(f"DESCRIBE {view}").fetchall()}

    def answer(self, statement: Statement, bound: list[str], limit: int, patience: float = 120) -> Found:
        """Run one SELECT, which reaches no file, nothing outside and no setting, for ``patience`` seconds at most.

        Raises UsageError for what DuckDB does not take, NotYet.
        """
        with ThreadPoolExecutor(1) as thread:  # so Ctrl-C and the end of patience come through
            try:
                return thread.submit(self._answer, statement, bound, limit).result(max(patience, 1))
            except TimeoutError:
                raise NotYet(f"the query took more than {patience:g} s: --timeout gives it longer") from None
            finally:
                self._connection.interrupt()

    def _answer(self, statement: Statement, bound: list[str], limit: int) -> Found:
        if not self._locked:
            self._connection.execute("SET enable_external_access = false; SET lock_configuration = true")
            self._locked = True
        with _plain(statement.name, UsageError):
            if [each.type for each in self._connection.extract_statements(statement.sql)] != [_SELECT]:
                raise UsageError(f"{statement.name} is not one SELECT: leave all other statements out")
            done = self._connection.execute(statement.sql, bound)
            rows = done.fetchmany(limit + 1)
        columns = [each[0] for each in done.description or []]
        return Found(columns, [list(map(cell, row)) for row in rows[:limit]], len(rows) > limit)


@contextmanager
def _plain(what: str, kind: type[CommandError]) -> Iterator[None]:
    """Turn DuckDB's errors, and those of the disk, into one of ours. What follows their first line repeats the SQL."""
    try:
        yield
    except (duckdb.Error, OSError, OverflowError, ValueError) as error:
        raise kind(f"{what}: {str(error).partition('\n')[0]}") from error


def _columns(table: str) -> dict[str, str]:
    """Return the columns with DuckDB's types, and the day, by which files are partitioned."""
    return {name: _TYPES[kind] for name, kind in TABLES[table].items()} | {"day": "VARCHAR"}
