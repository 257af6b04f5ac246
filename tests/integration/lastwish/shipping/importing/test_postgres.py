"""PostgreSQL, where a server is at hand: TEST_POSTGRES=postgresql://… names one that a test may write to."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lastwish.errors import UsageError
from lastwish.shipping.importing import sources
from lastwish.shipping.importing.mapping import TimeOf
from lastwish.shipping.importing.sources import Source, open_source
from tests.support.importing import MAPPING, fitter, letters

ADDRESS = os.environ.get("TEST_POSTGRES", "")
TABLE = "last_wish_test.letters"
pytestmark = pytest.mark.skipif(not ADDRESS, reason="no PostgreSQL: TEST_POSTGRES=postgresql://… names a server")
MAPPED = MAPPING.model_copy(update={"table": TABLE})


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    columns = "id bigint, author text, dest char, body text, created_at timestamptz"
    with psycopg.connect(ADDRESS, autocommit=True, options="-c timezone=Asia/Tokyo") as connection:
        connection.execute("CREATE SCHEMA last_wish_test")
        try:
            connection.execute(f"CREATE TABLE {TABLE} ({columns})".encode())
            with connection.cursor() as cursor:
                insert = f"INSERT INTO {TABLE} VALUES (%s, %s, %s, %s, %s)".encode()
                cursor.executemany(insert, [(*row[:4], row[4] + "Z") for row in reversed(letters(2500))])
                cursor.execute(f"INSERT INTO {TABLE} VALUES (2501, NULL, 'M', '100 %s <b>', 'infinity')".encode())
            yield open_source(ADDRESS, MAPPED, tmp_path)
        finally:
            connection.execute("DROP SCHEMA last_wish_test CASCADE")


def test_a_table_is_read_by_its_key(source: Source) -> None:
    source.check()
    assert (source.count(), source.duplicates()) == (2501, set())
    rows = list(source.rows(2498))
    assert [row.number for row in rows] == [2499, 2500, 2501]
    wish = fitter(MAPPED).fit(rows[1])
    assert (wish.submitted.message, wish.envelope.time.isoformat()) == (
        "Water garden 2500",
        "2019-01-01T00:00:40+00:00",
    )
    assert rows[2].time == "infinity"


def test_ids_are_those_of_the_same_table_in_a_file(source: Source) -> None:
    [first, *_] = source.rows(0)
    assert fitter(MAPPED).fit(first).wish_id == fitter().fit(first).wish_id


def test_a_key_that_is_there_twice_is_found(source: Source) -> None:
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        connection.execute(f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE id = 7".encode())
    assert source.duplicates() == {("7",)}


def test_a_missing_column_and_a_missing_table_are_plain_lines(source: Source, tmp_path: Path) -> None:
    changed = MAPPED.model_copy(update={"time": TimeOf(column="sent_at")})
    with pytest.raises(UsageError, match="no column sent_at"):
        open_source(ADDRESS, changed, tmp_path).check()
    with pytest.raises(UsageError, match=r"no table last_wish_test\.cards"):
        open_source(ADDRESS, MAPPED.model_copy(update={"table": "last_wish_test.cards"}), tmp_path).check()


def test_a_view_without_an_end_is_given_up(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_PATIENCE", 1)
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        no_end = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id FROM n) SELECT count(*) AS id FROM n"
        connection.execute(f"CREATE VIEW last_wish_test.endless AS {no_end}".encode())
    endless = open_source(ADDRESS, MAPPED.model_copy(update={"table": "last_wish_test.endless"}), tmp_path)
    with pytest.raises(UsageError, match="QueryCanceled"):
        endless.count()
