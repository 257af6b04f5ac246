"""Where a deploy goes on, and where a rollback goes to."""

from typing import Any

import pytest

from lastwish.shipping.deploying.history import (
    DECLINED,
    DIED,
    FAILED,
    REFUSED,
    STOPPED,
    SUCCEEDED,
    Record,
    to_go_back_to,
    unfinished,
)


def record(number: int, what: str, outcome: str = SUCCEEDED, kind: str = "deploy", **facts: Any) -> Record:
    steps = {"stack": {"state": "done"}}
    return Record(number, kind, "ana", what=what, outcome=outcome, steps=steps, **{"source": number} | facts)


@pytest.mark.parametrize("outcome", [FAILED, STOPPED, DECLINED, DIED])
def test_an_attempt_that_did_not_succeed_is_gone_on_with(outcome: str) -> None:
    last = record(2, "b", outcome)
    assert unfinished([record(1, "a"), last], lambda each: each.what == "b") is last


def test_a_refused_attempt_hides_nothing() -> None:
    failed = record(1, "a", FAILED)
    assert unfinished([failed, record(2, "a", REFUSED)], lambda each: each.what == "a") is failed


def test_after_another_commit_everything_begins_anew() -> None:
    records = [record(1, "a", FAILED), record(2, "b")]
    assert unfinished(records, lambda each: each.what == "a") is None


def test_nothing_before_a_teardown_counts() -> None:
    records = [record(1, "a"), record(2, "b"), record(3, "", kind="teardown")]
    assert to_go_back_to(records) is None
    assert unfinished([record(1, "a", FAILED), record(2, "", kind="teardown")], lambda each: each.what == "a") is None


def test_a_teardown_that_failed_took_nothing_away() -> None:
    first = record(1, "a")
    assert to_go_back_to([first, record(2, "b"), record(3, "", FAILED, "teardown")]) is first


def test_a_rollback_goes_to_the_deploy_before() -> None:
    first = record(1, "a")
    assert to_go_back_to([first, record(2, "b")]) is first


def test_the_same_commit_again_is_nothing_to_go_back_to() -> None:
    first = record(1, "a")
    assert to_go_back_to([first, record(2, "b"), record(3, "b")]) is first


@pytest.mark.parametrize("outcome", [FAILED, STOPPED, DIED])
def test_after_a_deploy_that_failed_it_goes_to_the_last_good_one(outcome: str) -> None:
    second = record(2, "b")
    assert to_go_back_to([record(1, "a"), second, record(3, "c", outcome)]) is second


@pytest.mark.parametrize("outcome", [REFUSED, DECLINED])
def test_an_attempt_that_changed_nothing_is_passed_over(outcome: str) -> None:
    first = record(1, "a")
    assert to_go_back_to([first, record(2, "b"), record(3, "c", outcome)]) is first


def test_a_second_rollback_goes_back_one_more() -> None:
    first = record(1, "a")
    back = record(4, "b", kind="rollback", source=2)
    assert to_go_back_to([first, record(2, "b"), record(3, "c"), back]) is first


def test_a_rollback_that_failed_is_tried_again() -> None:
    first, second = record(1, "a"), record(2, "b")
    assert to_go_back_to([first, second, record(3, "a", FAILED, "rollback", source=1)]) is first


def test_where_a_record_was_deleted_by_hand_there_is_nothing_to_go_back_to() -> None:
    assert to_go_back_to([record(2, "b"), record(3, "a", kind="rollback", source=1)]) is None
