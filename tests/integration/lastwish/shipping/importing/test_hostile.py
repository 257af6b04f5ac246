"""Sources, mappings and folders that were made to stop an import: each ends as a reject, or in one plain line."""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.shipping.importing import sources
from tests.support.importing import COLUMNS, MAPPING_FILE, letters, write_csv, write_jsonl, write_sqlite

type Import = Callable[..., dict[str, Any]]

HEAD = ",".join(COLUMNS)
QUOTE = "line: A quote in it is wrong, or it is longer than 1,048,576 characters."
NO_END = "CREATE VIEW letters AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT {}) SELECT id, {} FROM n"


@pytest.fixture
def run(tmp_path: Path) -> Import:
    """Do a dry run of a file with these contents, and return its answer."""

    def run(source: Path, *more: object, mapping: Path | None = None) -> dict[str, Any]:
        letters_file = tmp_path / "letters.toml"
        letters_file.write_text(MAPPING_FILE)
        typed = ["import", source, "--mapping", mapping or letters_file, "--dry-run", "--work", tmp_path / "work"]
        done = CliRunner().invoke(app, [*map(str, [*typed, *more]), "--json"])
        assert not isinstance(done.exception, Exception), done.exception
        return {**json.loads(done.stdout), "exit_code": done.exit_code}

    return run


def reasons(done: dict[str, Any]) -> dict[str, list[str]]:
    return {each["reason"]: each["at"] for each in done["reasons"]}


@pytest.mark.parametrize("place", [2, 50, 101])
@pytest.mark.parametrize("text", ['"never closed', '"closed" too early', '"back\\"slash"', '"', '"""'])
def test_a_wrong_quote_costs_its_line_and_no_other(run: Import, tmp_path: Path, text: str, place: int) -> None:
    path = write_csv(tmp_path / "a.csv", letters(100))
    lines = path.read_text().splitlines()
    lines.insert(place - 1, f"999,x,M,{text},2019-01-01")
    path.write_text("\n".join(lines) + "\n")
    done = run(path)
    assert (done["rows"], done["wishes"], reasons(done)) == (100, 100, {QUOTE: [f"line {place}"]})


def test_many_wrong_quotes_cost_their_lines(run: Import, tmp_path: Path) -> None:
    good = [",".join(map(str, row)) for row in letters(30)]
    lines = [line for n, each in enumerate(good) for line in (each, f'{900 + n},x,M,"open,2019-01-01')]
    (tmp_path / "a.csv").write_text("\r\n".join([HEAD, *lines]))
    done = run(tmp_path / "a.csv")
    assert (done["wishes"], reasons(done)) == (30, {QUOTE: ["line 3", "line 5", "line 7"]})


def test_a_line_without_an_end_costs_itself(run: Import, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEAD}\n1,a,M,first,2019-01-01\n2,{'x' * 5_000_000}\n3,c,M,last,2019-01-01\n")
    done = run(tmp_path / "a.csv")
    assert (done["wishes"], reasons(done)) == (2, {QUOTE: ["line 3"]})


def test_a_text_with_lines_quotes_and_the_delimiter_is_one_text(run: Import, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'\ufeff{HEAD}\r\n1,a,M,"one, ""two""\r\n\r\nthree",2019-01-01\r\n\r\n', newline="")
    done = run(tmp_path / "a.csv")
    assert (done["wishes"], done["reasons"]) == (1, [])


def test_a_csv_of_many_columns_is_read(run: Import, tmp_path: Path) -> None:
    wide = [f"c{n}" for n in range(100_000)]
    lines = [",".join([HEAD, *wide]), ",".join(["1", "a", "M", "first", "2019-01-01", *wide])]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    assert run(tmp_path / "a.csv")["wishes"] == 1


@pytest.mark.parametrize(
    ("name", "content", "error", "step"),
    [
        ("a.csv", HEAD.encode("utf-16"), "names no columns in UTF-8", "iconv"),
        ("a.csv", b"", "names no columns in UTF-8", "iconv"),
        ("a.csv", b'"id,author', "names no columns in UTF-8", "iconv"),
        ("a.csv", b"x" * 2_000_000, "names no columns in UTF-8", "iconv"),
        ("a.csv", b"id,author\n", "has no column body, created_at, dest", "mend the mapping file"),
        ("a.parquet", b"PAR1", "DuckDB cannot read", "look whether it is whole"),
        ("a.db", b"x" * 1000, "SQLite cannot read", "look at the table"),
    ],
)
def test_what_cannot_be_read_says_why(
    run: Import, tmp_path: Path, name: str, content: bytes, error: str, step: str
) -> None:
    (tmp_path / name).write_bytes(content)
    done = run(tmp_path / name)
    assert (done["exit_code"], error in done["error"], step in done["next_step"]) == (2, True, True)


def test_lines_of_another_encoding_are_named(run: Import, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(f"{HEAD}\n1,Jérôme,M,first,2019-01-01\n2,b,M,last,2019-01-01\n".encode("latin-1"))
    done = run(tmp_path / "a.csv")
    assert (done["wishes"], reasons(done)) == (1, {"line: It is not UTF-8.": ["line 2"]})


def test_half_of_a_surrogate_pair_is_no_json(run: Import, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [(1, "a", "M", "\ud800", "2019-01-01"), *letters(3)[1:]])
    done = run(path)
    assert reasons(done) == {"key: There is none, as in a line that is no JSON in UTF-8.": ["row 1"]}


def test_a_table_that_is_not_there_is_named(run: Import, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE cards (id)")
    assert run(tmp_path / "a.db")["error"] == "the source has no table letters"


def test_a_folder_is_no_source(run: Import, tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done["exit_code"], "is a folder or a device" in done["error"]) == (2, True)


@pytest.mark.parametrize("text", ["'x' AS author", "hex(zeroblob(100000000)) AS author"])
def test_a_view_without_an_end_is_given_up(
    run: Import, tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_PATIENCE", 0)
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute(NO_END.format("id + 1 FROM n", f"{text}, 'M' AS dest, 'b' AS body, '2019' AS created_at"))
    done = run(tmp_path / "a.db")
    assert (done["error"], done["exit_code"]) == ("SQLite cannot read the source: interrupted", 2)
    assert "a view may have no end" in done["next_step"]


def test_a_view_with_more_than_fits_into_memory_is_given_up(run: Import, tmp_path: Path) -> None:
    columns = "hex(zeroblob(400000000)) AS author, 'M' AS dest, 'b' AS body, '2019' AS created_at"
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute(NO_END.format("id + 1 FROM n WHERE id < 3", columns))
    done = run(tmp_path / "a.db")
    assert (done["error"], done["exit_code"]) == ("SQLite cannot read the source: it needs more than 512 MiB", 2)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.toml", "a = " + "[" * 100_000),
        ("deep.yaml", "a: " + "[" * 100_000),
        ("deep.yaml", "a: " + "{a: " * 5_000),
        ("large.yaml", "source: letters\n" + "#" * 2_000_000),
        ("latin.yaml", "source: \udce9"),
    ],
)
def test_a_mapping_file_that_cannot_be_read_is_a_plain_line(run: Import, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))
    done = run(write_csv(tmp_path / "a.csv", letters(1)), mapping=tmp_path / name)
    assert (done["exit_code"], f"cannot read {tmp_path / name}" in done["error"]) == (2, True)
    assert "docs/migration.md" in done["next_step"]


@pytest.mark.parametrize("work", ["a.csv", "a.csv/in"])
def test_a_folder_that_is_a_file_is_a_plain_line(run: Import, tmp_path: Path, work: str) -> None:
    done = run(write_csv(tmp_path / "a.csv", letters(1)), "--work", tmp_path / work)
    assert (done["exit_code"], "cannot be read or written: Not a directory" in done["error"]) == (1, True)
    assert "--work" in done["next_step"]


@pytest.mark.parametrize("name", ["lock", "rejects.jsonl", "checkpoint.json.new", "scratch"])
def test_a_link_in_the_folder_is_not_followed(run: Import, tmp_path: Path, name: str) -> None:
    (tmp_path / "work" / "dry-run").mkdir(parents=True)
    (tmp_path / "mine").write_text("keep this")
    (tmp_path / "work" / "dry-run" / name).symlink_to(tmp_path / "mine")
    done = run(write_csv(tmp_path / "a.csv", letters(1)))
    assert (done["exit_code"], f"{name} cannot be read or written" in done["error"]) == (1, True)
    assert (tmp_path / "mine").read_text() == "keep this"


def test_nothing_of_the_source_stays_but_the_rejects(run: Import, tmp_path: Path) -> None:
    run(write_sqlite(tmp_path / "a.db", letters(3)))
    run(write_csv(tmp_path / "a.csv", letters(3)))
    assert {each.name for each in tmp_path.rglob("*") if each.is_file()} == {
        *("a.db", "a.csv", "letters.toml"),
        *("lock", "rejects.jsonl", "checkpoint.json"),
    }


def test_many_faults_are_few_reasons(run: Import, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join([HEAD, *("x," * n for n in range(1, 100) if n != 4)]))
    assert reasons(run(tmp_path / "a.csv")) == {
        "line: It has too many or too few columns.": ["line 2", "line 3", "line 4"]
    }


def test_as_many_wishes_as_nobody_has_are_refused() -> None:
    typed = ["import", "a.csv", "--mapping", "a.toml", "--like", "1" + "0" * 400]
    assert CliRunner().invoke(app, typed).exit_code == 2


def test_without_duckdb_it_says_how_to_get_it(run: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    done = run(write_csv(tmp_path / "a.csv", letters(1)))
    assert (done["exit_code"], done["error"]) == (1, "this source needs duckdb: run `make setup`")
