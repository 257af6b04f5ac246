from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import EVENT_TYPES, WishBoarded, WishHeld, WishSubmitted
from infra.items import serialise
from lastwish.shipping.memory import facts
from lastwish.shipping.memory.statements import TABLES
from tests.support.journals import boarded, item
from tests.support.samples import WISH_ID

ITEM = item(WISH_ID, boarded(7, "the vault", name="Ada"))
TYPED = "what a person typed"


def test_a_commit_gives_a_row_for_each_event() -> None:
    rows = facts.rows(ITEM)
    assert [(row["position"], row["type"].split(".")[2]) for row in rows] == [
        (0, "submitted"),
        (1, "accepted"),
        (2, "boarded"),
        (3, "shown"),
    ]
    assert {(row["wish_id"], row["version"], row["correlation_id"]) for row in rows} == {(WISH_ID, 1, "request-1")}
    assert (rows[0]["destination"], rows[2]["seat"], rows[3]["decided_by"]) == ("mars", 7, "rules")


def test_a_row_has_exactly_the_columns_of_its_table() -> None:
    assert {tuple(row) for row in facts.rows(ITEM)} == {tuple(facts.rows(ITEM)[0])}
    assert set(facts.rows(ITEM)[0]) == set(TABLES["event_records"])


def test_no_fact_is_a_personal_field_or_its_digest() -> None:
    assert not {"name", "message", "digest"} & set(facts.FACTS.values())
    fields = {field for event in EVENT_TYPES for field in event.model_fields}
    assert set(facts.FACTS.values()) <= fields


@given(st.dictionaries(st.sampled_from(["name", "message", "digest", "note"]), st.just({"S": TYPED}), min_size=1))
def test_whatever_else_an_event_holds_stays_in_the_table(data: dict[str, Any]) -> None:
    event = {"M": {"type": {"S": WishSubmitted.type}, "time": {"S": "2045-01-01T12:00:00.000Z"}, "data": {"M": data}}}
    [row] = facts.rows({**ITEM, "events": {"L": [event]}})
    assert TYPED not in str(row)


@pytest.mark.parametrize("value", [{"M": {}}, {"L": []}, {"NULL": True}, {"BOOL": True}])
def test_a_fact_that_is_no_text_and_no_number_is_none(value: dict[str, Any]) -> None:
    assert facts.value({"reason": value}, "reason") is None


@pytest.mark.parametrize("gone", ["stream", "version", "events", "correlation_id"])
def test_an_item_that_is_no_commit_has_no_rows_and_stops_nothing(gone: str) -> None:
    damaged = {name: value for name, value in ITEM.items() if name != gone}
    records = [{"eventName": "INSERT", "dynamodb": {"NewImage": each}} for each in (damaged, ITEM)]
    assert facts.handler(records, None) == facts.rows(ITEM)


def test_an_item_of_another_form_has_no_rows() -> None:
    assert facts.rows({**ITEM, "events": serialise(["no", "events"])}) == []


def test_older_and_newer_events_have_the_facts_that_they_have() -> None:
    [held] = facts.rows(item(WISH_ID, [WishHeld(reason="link")]))
    [early] = facts.rows(item(WISH_ID, [WishBoarded(seat=None, pod=None, arrives_on=None)]))
    assert (held["reason"], early["seat"]) == ("link", None)
