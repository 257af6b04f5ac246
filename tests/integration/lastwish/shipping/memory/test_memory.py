import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from domain.commit import events_of, stream_of
from domain.wish import fold
from infra.event_store import EventStore
from lastwish.errors import UsageError
from lastwish.shipping.memory import collect, facts
from lastwish.shipping.memory.duck import Memory
from lastwish.shipping.memory.statements import VIEWS, find, parse, queries, view
from tests.support.recorded_show import MARKUP, SECRET, RecordedShow
from tests.support.wishes import stream_event

NAMES = [query.name for query in queries()]
VALUES = {"correlation": ["erased"]}


def rows(memory: Memory, sql: str, *values: str) -> list[list[Any]]:
    return memory.answer(parse("test", sql), list(values), limit=1000).rows


def answer(memory: Memory, name: str, *values: str) -> list[dict[str, Any]]:
    return memory.answer(find(name), list(values), limit=1000).documents()


def over(folder: Path) -> Memory:
    memory = Memory()
    memory.read(folder)
    return memory


@pytest.mark.parametrize("name", NAMES)
def test_a_query_has_the_same_answer_over_journal_and_over_parquet(name: str, journaled: Memory, parquet: Path) -> None:
    values = VALUES.get(name, [])
    with over(parquet) as remembered:
        expected = answer(journaled, name, *values)
        assert answer(remembered, name, *values) == expected
    assert expected


def test_what_was_delivered_twice_counts_once(show: RecordedShow, journaled: Memory) -> None:
    before = {name: answer(journaled, name, *VALUES.get(name, [])) for name in NAMES}
    with Memory() as twice:
        show.remember(twice)
        show.remember(twice)
        assert {name: answer(twice, name, *VALUES.get(name, [])) for name in NAMES} == before


def test_a_wish_is_what_its_events_fold_to(show: RecordedShow, journaled: Memory) -> None:
    store = EventStore(show.aws.dynamodb, show.aws.table)
    folded = {each: fold(events_of(store.read(stream_of(each)))) for each in show.wishes.values()}
    expected = {
        wish_id: (wish.status, wish.destination, wish.seat, wish.reason, wish.held_for)
        for wish_id, wish in folded.items()
        if wish
    }
    found = rows(journaled, "SELECT wish_id, status, destination, seat, reason, held_for FROM wishes")
    assert {wish_id: tuple(facts) for wish_id, *facts in found} == expected
    assert sorted(status for status, *_ in expected.values()) == (
        ["boarded"] * 5 + ["erased", "rejected", "waitlisted"]
    )


def test_it_says_who_sent_markup_in_which_request(show: RecordedShow, journaled: Memory) -> None:
    found = {(each["wish_id"], each["correlation_id"], each["status"]) for each in answer(journaled, "markup")}
    marked, twice = show.wishes["marked"], show.wishes["pressed twice"]
    assert found == {
        (marked, "marked", "boarded"),
        (twice, "pressed-twice", "boarded"),
        (twice, "pressed-again", "boarded"),
    }


def test_it_says_what_a_request_did_and_nothing_of_others(show: RecordedShow, journaled: Memory) -> None:
    story = answer(journaled, "correlation", "marked")
    assert {each["wish_id"] for each in story} == {show.wishes["marked"]}
    assert {each["kind"] for each in story} == {"event", "frontend", "parser", "worker", "projector"}
    assert [each["what"] for each in story if each["kind"] == "event"] == ["submitted", "accepted", "boarded", "shown"]
    assert answer(journaled, "correlation", "nobody") == []


def test_it_says_what_failed_and_how_often(journaled: Memory) -> None:
    found = {
        (each["service"], each["message"], each["error"], each["line_count"]) for each in answer(journaled, "failures")
    }
    assert ("frontend", "request refused", "invalid-wish", 1) in found
    assert ("parser", "record buried", "", 1) in found


def test_it_counts_seats(journaled: Memory) -> None:
    last = {each["destination"]: each["in_total"] for each in answer(journaled, "seats")}
    assert last == {"mars": 5, "jupiter": 1}


def test_nothing_that_anybody_typed_is_in_the_parquet(show: RecordedShow, parquet: Path) -> None:
    for file in parquet.rglob("*.parquet"):
        said = json.dumps(duckdb.read_parquet(str(file)).fetchall(), default=str)
        assert not [word for word in ("vault", "Ada", "onerror", "dog", "cats", "Wave", "room") if word in said]
    texts = [text for image in show.images for text in (SECRET, MARKUP[:4]) if text in json.dumps(image)]
    assert SECRET in texts  # which the table's stream had


def test_erasure_finds_nothing_to_take_away(show: RecordedShow) -> None:
    """The rows that AWS had made before the erasure are those of the scrubbed commits."""
    taken = facts.handler(stream_event(show.images)["Records"], None)
    journaled = [{name: value for name, value in row.items() if name != "day"} for row in collect.events(show.journal)]
    assert taken == journaled
    assert facts.handler(stream_event(show.aws.stored(), "MODIFY")["Records"], None) == []


def test_a_statement_reaches_no_file(journaled: Memory, parquet: Path) -> None:
    for sql in ("SELECT * FROM read_csv('/etc/hostname')", "SELECT * FROM '/etc/hostname'"):
        with pytest.raises(UsageError, match="test: "):
            rows(journaled, sql)
    for sql in (f"COPY events TO '{parquet}/x.csv'", "INSTALL httpfs", "ATTACH '/tmp/x.db'"):
        with pytest.raises(UsageError, match="test is not one SELECT"):
            rows(journaled, sql)


def test_no_more_rows_are_read_than_asked_for(journaled: Memory) -> None:
    found = journaled.answer(parse("test", "SELECT * FROM events"), [], limit=3)
    assert (len(found.rows), found.more) == (3, True)


def test_a_folder_of_logs_alone_will_do(parquet: Path) -> None:
    for file in (parquet / "events").rglob("*.parquet"):
        file.unlink()
    with over(parquet) as memory:
        assert answer(memory, "seats") == []
        assert answer(memory, "failures")


@pytest.mark.parametrize("name", [*VIEWS, *NAMES])
def test_the_text_means_to_duckdb_what_it_means_to_athena(name: str, journaled: Memory) -> None:
    """Without our macros, as sqlglot translates it."""
    ours = view(name) if name in VIEWS else find(name)
    translated = parse(name, sqlglot.transpile(ours.sql, read="athena", write="duckdb")[0])
    found = [journaled.answer(each, VALUES.get(name, []), limit=1000).rows for each in (ours, translated)]
    assert sorted(map(str, found[0])) == sorted(map(str, found[1]))
