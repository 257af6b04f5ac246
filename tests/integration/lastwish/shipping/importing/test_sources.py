"""Every engine reads the same rows, and no hostile row ends an import."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lastwish.errors import UsageError
from lastwish.shipping.importing.fitting import Unfit
from lastwish.shipping.importing.mapping import FieldOf
from lastwish.shipping.importing.sources import Source, open_source
from tests.support.importing import (
    COLUMNS,
    MAPPING,
    fitter,
    letters,
    write_csv,
    write_jsonl,
    write_parquet,
    write_sqlite,
)

FORMS: dict[str, Callable[[Path, Any], Path]] = {
    "a.csv": write_csv,
    "a.parquet": write_parquet,
    "a.jsonl": write_jsonl,
    "a.sqlite": write_sqlite,
}
BIG = "x" * 10_000_000
NO_KEY = "key: There is none, as in a line that is no JSON in UTF-8."


@pytest.fixture(params=FORMS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    return open_source(str(FORMS[request.param](tmp_path / request.param, letters(25))), MAPPING, tmp_path)


def results(source: Source, skip: int = 0) -> list[str]:
    """Return for each row its text, or why it does not fit."""
    source.check()
    make, found = fitter(source.mapping, duplicates=frozenset(source.duplicates())), []
    for row in source.rows(skip):
        try:
            found.append(str(make.fit(row).submitted.message))
        except Unfit as error:
            found.append(str(error))
    return found


def test_every_form_gives_the_same_rows_in_their_order(source: Source) -> None:
    source.check()
    assert source.count() == 25
    assert results(source) == [f"Water garden {n}" for n in range(1, 26)]


def test_every_form_gives_the_same_ids_and_times(source: Source, tmp_path: Path) -> None:
    other = open_source(str(write_sqlite(tmp_path / "other.db", letters(25))), MAPPING, tmp_path)
    source.check()
    assert [fitter().fit(row) for row in source.rows(0)] == [fitter().fit(row) for row in other.rows(0)]


def test_rows_that_are_done_are_skipped(source: Source) -> None:
    source.check()
    assert [row.number for row in source.rows(23)] == [24, 25]


def test_an_order_goes_before_the_files(tmp_path: Path) -> None:
    path = write_sqlite(tmp_path / "a.db", letters(3))
    mapping = MAPPING.model_copy(update={"order": ("dest",)})
    assert [row.key for row in open_source(str(path), mapping, tmp_path).rows(0)] == [("3",), ("1",), ("2",)]


def test_a_column_that_is_not_there_is_named_before_a_row_is_read(source: Source) -> None:
    source.mapping = MAPPING.model_copy(update={"message": FieldOf(column="text")})
    if source.naming.count("JSON") == 0:
        with pytest.raises(UsageError, match="no column text"):
            source.check()


@pytest.mark.parametrize("form", FORMS)
def test_keys_that_two_rows_have_are_found(tmp_path: Path, form: str) -> None:
    path = FORMS[form](tmp_path / form, [*letters(3), letters(2)[1]])
    source = open_source(str(path), MAPPING, tmp_path)
    source.check()
    assert source.duplicates() == {("2",)}
    twice = "key: Other rows have the same."
    assert results(source) == ["Water garden 1", twice, "Water garden 3", twice]


def test_a_csv_with_damaged_lines_gives_its_other_rows_and_names_these(tmp_path: Path) -> None:
    lines = [
        ",".join(COLUMNS).encode(),
        b"1,a,M,first,2019-01-01",
        b'2,b,M,"bad \xff\xfe bytes",2019-01-01',
        b'3,c,J,"two ""quoted""\nlines",2019-01-01',
        b"4,d,M,NaN,2019-01-01",
        b"5,e,M,nul\x00inside,2019-01-01",
        b"6,too,few",
        b"7,f,M,too,many,2019-01-01,x",
        b"8,g,M," + BIG.encode() + b",2019-01-01",
        b'9,h,M,a "quote inside,2019-01-01',
        b"",
        b",,M,no key,2019-01-01",
        b"11,,M,<b>last</b>,2019-13-45",
    ]
    (tmp_path / "a.csv").write_bytes(b"\n".join(lines) + b"\n")
    source = open_source(str(tmp_path / "a.csv"), MAPPING, tmp_path)
    assert results(source) == [
        "first",
        'two "quoted"\nlines',
        "NaN",
        "nulinside",
        'a "quote inside',
        NO_KEY,
        "time: This is no time of the mapping's format.",
    ]
    # Lines of the file: the third row has two.
    assert list(source.unreadable_lines()) == [
        (3, "It is not UTF-8"),
        (8, "It has too many or too few columns"),
        (9, "It has too many or too few columns"),
        (10, "A quote in it is wrong, or it is longer than 1,048,576 characters"),
    ]


def test_json_lines_that_are_none_have_no_key(tmp_path: Path) -> None:
    good = {"dest": "M", "created_at": "2019-01-01"}
    lines = [
        json.dumps({"id": 1, "body": "first", **good}).encode(),
        b"not json",
        b'{"id": 3, "body": "bad \xff", "dest": "M"}',
        b"[1]",
        b'"text"',
        json.dumps({"id": 6, "body": 7, **good}).encode(),
        json.dumps({"id": 7, "body": {"a": [1]}, **good}).encode(),
        json.dumps({"id": 8, "body": "nul\x00inside", **good}).encode(),
        json.dumps({"id": 9, "body": BIG, **good}).encode(),
        json.dumps({"id": 10, "body": "other type", "dest": ["M"], "created_at": "2019-01-01"}).encode(),
        ('{"id": 11, "body": ' + "[" * 5000 + "]" * 5000 + "}").encode(),
        json.dumps({"id": "12", "body": "last", **good}).encode(),
    ]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    found = results(open_source(str(tmp_path / "a.jsonl"), MAPPING, tmp_path))
    assert found[:10] == [
        "first",
        *4 * [NO_KEY],
        *2 * ["message: This must be text."],
        "nulinside",
        "message: A wish is at most 8192 bytes.",
        "destination: The mapping's values have nothing for this.",
    ]
    assert found[-1] == "last"


def test_sqlite_keeps_anything_in_any_column(tmp_path: Path) -> None:
    rows = [
        (1, "a", "M", "first", "2019-01-01"),
        (2, "b", "M", b"\xff\xfe", "2019-01-01"),
        (3, "c", "M", 7.5, "2019-01-01"),
        (4, "d", "M", None, "2019-01-01"),
        (5, "e", "M", "nul\x00inside", "2019-01-01"),
        (6, "f", "M", BIG, "2019-01-01"),
        (7, "g", "M", "late", float("inf")),
        (None, "h", "M", "no key", "2019-01-01"),
        ("7", "i", "M", "the same key as text", "2019-01-01"),
        (9, "j", "M", "<script>", "2019-01-01"),
    ]
    path = write_sqlite(tmp_path / "a.db", rows)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO letters VALUES (10, 'k', 'M', CAST(x'636166e9' AS TEXT), '2019-01-01')")
        connection.commit()
    assert results(open_source(str(path), MAPPING, tmp_path)) == [
        "first",
        *3 * ["message: This must be text."],
        "nulinside",
        "message: A wish is at most 8192 bytes.",
        "key: Other rows have the same.",
        NO_KEY,
        "key: Other rows have the same.",
        "&lt;script&gt;",
        "text: This is not UTF-8.",
    ]


def test_parquet_with_other_types_and_dates_out_of_range(tmp_path: Path) -> None:
    rows = """SELECT * FROM (VALUES
        (1.5, 'M', 'first', TIMESTAMPTZ '2019-01-01 00:00:00+09'),
        (2.5, 'M', 'never', TIMESTAMPTZ 'infinity'),
        (3.5, 'M', 'far', TIMESTAMPTZ '290000-01-01 00:00:00+00'),
        (4.5, 'M', 'long ago', TIMESTAMPTZ '0044-03-15 (BC) 00:00:00+00'),
        (5.5, 'M', 'before', TIMESTAMPTZ '1066-10-14 00:00:00+00')) t(id, dest, body, created_at)"""
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({rows}) TO '{tmp_path}/a.parquet' (FORMAT parquet)")
    mapping = MAPPING.model_copy(update={"name": FieldOf(constant="")})
    source = open_source(f"{tmp_path}/a.parquet", mapping, tmp_path)
    no_time, not_past = "time: This is no time of the mapping's format.", "time: This is before 1970 or in the future."
    assert results(source) == ["first", no_time, no_time, no_time, not_past]
    [first, *_] = source.rows(0)
    assert (first.key, fitter(mapping).fit(first).envelope.time.isoformat()) == (("1.5",), "2018-12-31T15:00:00+00:00")


def test_nothing_in_a_mapping_is_read_as_sql(tmp_path: Path) -> None:
    evil = 'x" FROM letters; DROP TABLE letters; --'
    path = write_sqlite(tmp_path / "a.db", letters(2))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('ALTER TABLE letters RENAME COLUMN body TO "' + evil.replace('"', '""') + '"')
        connection.commit()
    changes = {"message": FieldOf(column=evil), "name": FieldOf(constant="'; DROP TABLE letters; --")}
    mapping = MAPPING.model_copy(update=changes)
    source = open_source(str(path), mapping, tmp_path)
    source.check()
    assert [fitter(mapping).fit(row).submitted.name for row in source.rows(0)] == 2 * ["'; DROP TABLE letters; --"]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.parquet", b"no parquet", "DuckDB cannot read"),
        ("a.csv", b"", "names no columns"),
        ("a.db", b"no database at all, but long enough to be read as one" * 10, "SQLite cannot read"),
        ("a.xlsx", b"", "a source ends on one of"),
        ("a*.csv", b"", "a source ends on one of"),
    ],
)
def test_what_is_no_source_is_one_plain_line(tmp_path: Path, name: str, content: bytes, error: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=error):
        open_source(str(tmp_path / name), MAPPING, tmp_path).check()


def test_a_file_that_is_not_there_and_a_database_without_a_table_are_plain_lines(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        open_source(str(tmp_path / "none.csv"), MAPPING, tmp_path)
    path = write_sqlite(tmp_path / "a.db", [])
    with pytest.raises(UsageError, match="no `table`"):
        open_source(str(path), MAPPING.model_copy(update={"table": ""}), tmp_path)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://u:secret@127.0.0.1:1/old", "port 1 failed: Connection refused"),
        ("postgresql://u:se@cret@127.0.0.1:1/old", "failed to resolve host"),
        ("postgresql://u:se cret@127.0.0.1:1/old", "ProgrammingError: its words may have a text in them"),
    ],
)
def test_a_server_that_cannot_be_asked_says_why_without_the_password(tmp_path: Path, address: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        open_source(address, MAPPING, tmp_path).check()
    assert "cret" not in caught.value.words()
