"""A trace as X-Ray tells it, on the laptop and on AWS, in whatever order: always the same waterfall."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.waterfall import HOPS, waterfall
from tests.support.traces import CHAIN, START, TRACE, WISH, Document, a_wish, call, drawn, refused_by, segment


def row(found: dict[str, Any], name: str) -> dict[str, Any]:
    (one,) = [each for each in found["segments"] if each["name"] == name]
    return dict(one)


def test_a_wish_has_eight_hops() -> None:
    found = drawn(a_wish())
    assert found["hops"] == CHAIN
    assert (found["wish_id"], found["complete"], found["duration_ms"]) == (WISH, True, 2250)
    assert found["started"] == "2020-03-08T02:58:06.000Z"


def test_each_segment_stands_below_the_one_that_caused_it() -> None:
    rows = [(each["depth"], each["name"]) for each in drawn(a_wish())["segments"]]
    assert rows == [
        (0, "lastwish-local/local"),
        (1, "frontend"),
        (2, "handler"),
        (3, "SQS SendMessage Inbox"),
        (4, "Inbox"),
        (5, "parser"),
        (6, "Pods"),
        (7, "worker"),
        (8, "DynamoDB PutItem EventStore"),
        (8, "projector"),
    ]


def test_times_are_counted_from_the_beginning_of_the_trace() -> None:
    pods = row(drawn(a_wish()), "Pods")
    assert (pods["offset_ms"], pods["duration_ms"]) == (500, 300)
    assert (pods["start"], pods["end"]) == (START + 0.5, START + 0.8)


def test_of_the_annotations_only_outcome_and_receive_count_are_shown() -> None:
    found = drawn(a_wish())
    assert (row(found, "worker")["outcome"], row(found, "Inbox")["receive_count"]) == ("boarded", 1)
    assert "request-1" not in str(found)


@given(st.permutations(a_wish()), st.integers(0, 7))
def test_order_and_repetition_change_nothing(documents: list[Document], twice: int) -> None:
    assert drawn([*documents, documents[twice]]) == drawn(a_wish())


@given(st.permutations(range(3)))
def test_of_two_versions_of_a_segment_the_finished_one_counts(order: list[int]) -> None:
    begun = segment(10, "projector", 8, 2.0, None)
    grown = segment(10, "projector", 8, 2.0, 2.5)
    versions = [begun, a_wish()[-1], grown]
    found = drawn([*a_wish()[:-1], *(versions[n] for n in order)])
    assert (found["complete"], row(found, "projector")["duration_ms"]) == (True, 500)


def test_a_segment_in_progress_has_no_end_and_the_trace_is_not_complete() -> None:
    found = drawn([*a_wish()[:-1], segment(10, "projector", 8, 2.0, None)])
    assert found["complete"] is False
    assert (row(found, "projector")["end"], row(found, "projector")["duration_ms"]) == (None, None)


def test_a_trace_without_the_projector_is_not_complete() -> None:
    found = drawn(a_wish()[:-1])
    assert (found["complete"], found["hops"]) == (False, CHAIN[:-1])


def test_an_orphan_stands_at_the_top() -> None:
    found = drawn(a_wish()[4:])  # the queue and all before it were lost
    parser = row(found, "parser")
    assert (parser["depth"], parser["parent_id"]) == (0, None)
    assert row(found, "Pods")["parent_id"] == parser["id"]


def test_two_segments_that_claim_to_be_each_others_parents_do_no_harm() -> None:
    loop = [segment(11, "a", 12, 0, 1), segment(12, "b", 11, 0, 1)]
    assert drawn([*a_wish(), *loop])["hops"] == CHAIN
    assert waterfall(TRACE, loop) is None


def test_without_documents_there_is_no_waterfall() -> None:
    assert waterfall(TRACE, []) is None


def test_lambda_the_service_and_what_x_ray_infers_are_folded_away() -> None:
    documents = a_wish()
    documents[1] |= {"parent_id": f"{20:016x}"}
    on_aws = [
        segment(20, "lastwish-FrontendFunction-A84F", 1, 0.005, 0.095, origin="AWS::Lambda"),
        segment(21, "SQS", 4, 0.03, 0.05, inferred=True, origin="AWS::SQS::Queue"),
        segment(22, "lastwish-EventStore", 9, 0.9, 0.95, inferred=True, origin="AWS::DynamoDB::Table"),
    ]
    assert drawn([*on_aws, *documents])["segments"] == drawn(a_wish())["segments"]


def test_a_function_that_never_ran_is_shown_by_lambda_the_service() -> None:
    found = drawn([a_wish()[0], segment(20, "frontend", 1, 0, 0.1, origin="AWS::Lambda", throttle=True, error=True)])
    assert (row(found, "frontend")["error"], row(found, "frontend")["depth"]) == (True, 1)


def test_faults_errors_and_throttling_are_marked() -> None:
    documents = a_wish()
    documents[6] |= {"fault": True}
    documents[4] |= {"throttle": True}
    found = drawn(documents)
    assert [each["name"] for each in found["segments"] if each["fault"]] == ["worker"]
    assert [each["name"] for each in found["segments"] if each["error"]] == ["parser"]


def test_only_what_the_worker_writes_is_the_event_store() -> None:
    table = "lastwish-local-EventStore-A84F"
    reads = [
        call(30, "dynamodb", 8, 0.85, 0.86, operation="BatchGetItem", table_names=[table]),
        call(31, "dynamodb", 8, 0.87, 0.88, operation="UpdateItem", table_name="lastwish-local-Seats-B2"),
        call(32, "dynamodb", 3, 0.06, 0.07, operation="Query", table_name=table),
    ]
    found = drawn([*a_wish(), *reads])
    assert [each["name"] for each in found["segments"] if each["hop"] == "EventStore"] == [
        "DynamoDB PutItem EventStore"
    ]
    names = {each["name"] for each in found["segments"]}
    assert {"DynamoDB BatchGetItem EventStore", "DynamoDB UpdateItem Seats", "DynamoDB Query EventStore"} <= names


def test_a_call_to_an_unknown_service_keeps_its_name() -> None:
    found = drawn([*a_wish(), call(33, "cognito-idp", 3, 0.06, 0.07, operation="InitiateAuth")])
    assert row(found, "cognito-idp InitiateAuth")["hop"] is None


def test_a_batch_of_many_wishes_is_about_none_of_them() -> None:
    two = [segment(n, "projector", None, 0, 1, annotations={"wish_id": f"{n}"}) for n in (1, 2)]
    assert drawn(two)["wish_id"] is None


def test_hops_are_in_the_order_of_the_chain() -> None:
    assert [hop for hop in HOPS if hop in CHAIN] == CHAIN


APPEND, CALL = "infra/event_store.py:56 in append", "botocore/client.py:1078 in _make_api_call"


def test_an_error_has_its_class_its_stack_and_the_line_of_ours_that_raised() -> None:
    documents = a_wish()
    documents[6] |= refused_by("StoreUnavailable", "worker/handler.py:57 in board_one", APPEND, CALL)
    (raised,) = row(drawn(documents), "worker")["exceptions"]
    stack = ["worker/handler.py:57 in board_one", APPEND, CALL]
    assert raised == {"type": "StoreUnavailable", "raised_at": APPEND, "stack": stack}


def test_without_a_line_of_ours_it_is_the_last_one() -> None:
    documents = a_wish()
    documents[6] |= refused_by("KeyError", CALL)
    assert row(drawn(documents), "worker")["exceptions"][0]["raised_at"] == CALL


def test_the_text_of_an_error_is_never_shown() -> None:
    documents = a_wish()
    documents[6] |= refused_by("ValueError", APPEND)
    assert "typed" not in str(drawn(documents))


@pytest.mark.parametrize("cause", [None, "8a5d8f2f5d0f3d6b", {}, {"exceptions": None}, {"exceptions": [{"id": "8a"}]}])
def test_a_cause_may_be_an_id_or_say_nothing(cause: object) -> None:
    documents = a_wish()
    documents[6] |= {"fault": True, "cause": cause}
    raised = row(drawn(documents), "worker")["exceptions"]
    assert raised in ([], [{"type": "", "raised_at": None, "stack": []}])
