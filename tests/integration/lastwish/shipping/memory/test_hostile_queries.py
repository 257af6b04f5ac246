"""Queries that were made to do something else than to ask, or never to end."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.shipping.memory.duck import Memory

NO_END = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the long memory with nothing in it but one log line."""
    with Memory() as memory:
        memory.add({"log_records": [{"timestamp": "2045-01-01T12:00:00Z", "level": "INFO", "day": "2045-01-01"}]})
        memory.export(tmp_path / "memory")
    return tmp_path / "memory"


def ask(folder: Path, sql: str | bytes, *more: str) -> dict[str, Any]:
    file = folder.parent / "mine.sql"
    file.write_bytes(sql if isinstance(sql, bytes) else sql.encode())
    done = CliRunner().invoke(app, ["query", str(file), "--over", str(folder), "--json", *more])
    assert not isinstance(done.exception, Exception), done.exception
    return {**json.loads(done.stdout, parse_constant=pytest.fail), "exit_code": done.exit_code}


@pytest.mark.parametrize(
    "sql",
    [
        "CALL enable_logging()",
        "SELECT 1; SELECT 2",
        "SET threads = 1",
        "PRAGMA version",
        "EXPLAIN ANALYZE SELECT 1",
        "CREATE TABLE mine AS SELECT 1",
        "DELETE FROM log_records",
        "COPY (SELECT 1) TO '/tmp/x'",
        "ATTACH 'x.db'",
        "LOAD httpfs",
        "/* nothing */",
    ],
)
def test_what_is_not_one_select_is_refused(folder: Path, sql: str) -> None:
    done = ask(folder, sql)
    assert (done["exit_code"], "is not one SELECT" in done["error"]) == (2, True)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM enable_logging()",
        "SELECT * FROM enable_logging(storage = 'file', storage_config = {'path': '/tmp'})",
        "SELECT * FROM enable_profiling()",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM '/etc/hostname'",
        "WITH x AS (SELECT * FROM read_csv('/etc/hostname')) SELECT * FROM x",
    ],
)
def test_a_select_reaches_no_file_and_no_setting(folder: Path, sql: str) -> None:
    assert ask(folder, sql)["exit_code"] == 2


@pytest.mark.parametrize("sql", ["SELECT 1 AS a;", "WITH x AS (SELECT 1 AS a) SELECT * FROM x", "VALUES (1)"])
def test_one_select_is_answered(folder: Path, sql: str) -> None:
    assert [list(row.values()) for row in ask(folder, sql)["rows"]] == [[1]]


def test_a_query_without_an_end_is_stopped(folder: Path) -> None:
    done = ask(folder, NO_END, "--timeout", "1")
    assert (done["exit_code"], "--timeout gives it longer" in done["error"]) == (1, True)


def test_ctrl_c_stops_it(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.sql").write_text(NO_END)
    code = (
        "import os, signal, threading, lastwish.cli as cli\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # which a parent may have set to be ignored
        "threading.Timer(4, os.kill, [os.getpid(), signal.SIGINT]).start()\n"
        "cli.main()"
    )
    typed = [sys.executable, "-c", code, "query", str(tmp_path / "mine.sql"), "--over", str(folder)]
    done = subprocess.run(typed, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (130, False)


def test_more_than_fits_into_memory_is_a_plain_line(folder: Path) -> None:
    done = ask(folder, "SELECT list(range) FROM range(1000000000)", "--timeout", "60")
    assert (done["exit_code"], "Out of Memory Error" in done["error"]) == (2, True)


def test_what_json_has_no_number_for_is_a_text(folder: Path) -> None:
    done = ask(folder, "SELECT 'NaN'::DOUBLE AS a, '-inf'::FLOAT AS b, 0.5 AS c")
    assert done["rows"] == [{"a": "nan", "b": "-inf", "c": 0.5}]


def test_two_columns_of_one_name_are_refused(folder: Path) -> None:
    done = ask(folder, "SELECT 1 AS a, 2 AS a, 3 AS b")
    assert (done["exit_code"], done["error"]) == (2, "two columns are called a: give one another name with AS")


def test_a_value_that_python_cannot_hold_is_a_plain_line(folder: Path) -> None:
    assert ask(folder, "SELECT INTERVAL 90000000 YEARS AS a")["exit_code"] == 2


@pytest.mark.parametrize("limit", ["1" + "0" * 20, "1e20", "0"])
def test_a_limit_that_is_none_is_bad_usage(limit: str) -> None:
    assert CliRunner().invoke(app, ["query", "markup", "--limit", limit]).exit_code == 2


@pytest.mark.parametrize(
    ("sql", "error"), [(b"SELECT '\xe9'", "codec can't decode"), (b"--" + b"x" * 2_000_000, "it is larger than")]
)
def test_a_file_that_is_no_query_says_why(folder: Path, sql: bytes, error: str) -> None:
    done = ask(folder, sql)
    assert (done["exit_code"], error in done["error"]) == (2, True)
    assert "lastwish query --list" in done["next_step"]


def test_a_folder_is_no_query() -> None:
    done = CliRunner().invoke(app, ["query", "/etc", "--json"])
    assert "Is a directory" in json.loads(done.stdout)["error"]
