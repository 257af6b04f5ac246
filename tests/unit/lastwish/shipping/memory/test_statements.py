"""The queries' text: what Athena reads, as far as its grammar in sqlglot goes, and what a parameter may be."""

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from lastwish.errors import UsageError
from lastwish.shipping.memory.collect import line
from lastwish.shipping.memory.duck import Memory
from lastwish.shipping.memory.statements import TABLES, VIEWS, Statement, find, parse, queries, view
from observability import memory

SELECTS = [*(view(name) for name in VIEWS), *queries()]
each_select = pytest.mark.parametrize("statement", SELECTS, ids=lambda each: each.name)
CORRELATION = find("correlation")


@pytest.mark.parametrize("sql", list(memory.statements()), ids=lambda sql: " ".join(sql.split()[:5]))
def test_athena_can_parse_it(sql: str) -> None:
    [parsed] = sqlglot.parse(sql, dialect="athena")
    assert isinstance(parsed, exp.Create | exp.Select)


@each_select
def test_every_column_is_one_of_a_table_or_view(statement: Statement) -> None:
    with Memory() as duck:
        schema: dict[str, object] = {name: {**columns, "day": "string"} for name, columns in TABLES.items()}
        schema |= {name: duck.columns(name) for name in VIEWS}
    parsed = sqlglot.parse_one(statement.sql, dialect="athena")
    assert qualify(parsed, schema=schema, dialect="athena", validate_qualify_columns=True)


@each_select
def test_a_parameter_stands_once_and_where_athena_takes_it(statement: Statement) -> None:
    """Source: https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html, "Limitations"."""
    found = list(sqlglot.parse_one(statement.sql, dialect="athena").find_all(exp.Placeholder))
    assert len(found) == len(statement.parameters)
    assert all(each.find_ancestor(exp.Where) for each in found)


@each_select
def test_an_answer_has_an_order(statement: Statement) -> None:
    parsed = sqlglot.parse_one(statement.sql, dialect="athena")
    assert bool(parsed.args.get("order")) == (statement.name not in VIEWS)


@pytest.mark.parametrize("value", ["x' OR 'x'='x", "", "a b", 'a"', "é", "x" * 201, "a;b", "--\n"])
def test_a_value_that_could_end_a_text_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="CORRELATION_ID must be an id"):
        CORRELATION.bind([value])


@pytest.mark.parametrize("value", ["DGz3BHVbIAMFW5Q=", "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01", "2045-01-01", "40"])
def test_ids_days_and_numbers_are_taken(value: str) -> None:
    assert CORRELATION.bind([value]) == [value]


def test_a_query_says_what_it_takes() -> None:
    with pytest.raises(UsageError, match="takes CORRELATION_ID: lastwish query correlation CORRELATION_ID"):
        CORRELATION.bind([])
    with pytest.raises(UsageError, match="markup takes no parameters"):
        find("markup").bind(["one"])


def test_a_file_says_its_title_and_its_parameters() -> None:
    found = parse("mine", "-- Mine\n-- It counts.\n-- ? DAY: a day\nSELECT count(*) FROM events WHERE day = ?;\n")
    assert (found.title, found.about, found.parameters) == ("Mine", "It counts.", {"DAY": "a day"})
    assert found.sql == "SELECT count(*) FROM events WHERE day = ?"


def test_a_file_without_a_statement_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no SQL in mine"):
        parse("mine", "-- nothing\n")


def test_a_name_comes_before_a_file_and_an_unknown_one_is_told_what_there_is(tmp_path: Path) -> None:
    file = tmp_path / "mine.sql"
    file.write_text("SELECT 1 AS one")
    assert find(str(file)).sql == "SELECT 1 AS one"
    with pytest.raises(UsageError, match="'nothing' is no ready-made query, nor a file that can be read") as caught:
        find("nothing")
    assert "markup" in caught.value.next_step


@pytest.mark.parametrize(
    "text",
    [
        "START RequestId: 1",
        '{"_aws": {}, "service": "worker"}',
        '"a text"',
        "[]",
        '{"level": 1, "timestamp": "x"}',
        '{"level": "INFO"}',
        "[" * 100_000,
    ],
)
def test_a_line_that_is_none_of_ours_is_left_out(text: str) -> None:
    assert line(text) is None


def test_a_line_keeps_the_columns_of_its_table_only() -> None:
    said = '{"level": "INFO", "timestamp": "2045-01-01T12:00:00.000+00:00", "typed": "a secret", "operator": "ana"}'
    found = line(said)
    assert found is not None
    assert set(found) == {*TABLES["log_records"], "day"}
    assert found["day"] == "2045-01-01"
