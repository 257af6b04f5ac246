"""Where a trace went wrong: its hop, the class of the error, the line of code and the moment."""

from typing import Any

from mission.errors import origin
from tests.support.traces import a_wish, call, drawn, refused_by, segment

APPEND = "infra/event_store.py:56 in append"
SEND = "infra/queues.py:41 in send"


def found(*more: dict[str, Any]) -> tuple[Any, ...]:
    where = origin(drawn([*a_wish(), *more])["segments"])
    return where["hop"], where["error"], where["raised_at"]


def test_the_error_of_a_hop_counts_and_not_the_one_that_caused_it() -> None:
    worker = segment(40, "worker", 7, 1.1, 1.3, **refused_by("StoreUnavailable", APPEND))
    put = call(41, "dynamodb", 40, 1.1, 1.2, operation="PutItem", table_name="EventStore")
    assert found(worker, put | refused_by("ThrottlingException", "botocore/client.py:1 in call")) == (
        "worker",
        "StoreUnavailable",
        APPEND,
    )


def test_an_error_inside_a_function_belongs_to_its_hop() -> None:
    inner = segment(40, "## handler", 2, 0.02, 0.08, type="subsegment", **refused_by("QueueUnavailable", SEND))
    assert found(inner) == ("frontend", "QueueUnavailable", SEND)


def test_of_several_failures_the_newest_counts() -> None:
    parser = segment(40, "parser", 5, 0.31, 0.35, **refused_by("QueueUnavailable", SEND))
    worker = segment(41, "worker", 7, 0.81, 0.9, **refused_by("StoreUnavailable", APPEND))
    assert found(worker, parser)[:2] == ("worker", "StoreUnavailable")


def test_the_moment_is_when_it_had_failed() -> None:
    worker = segment(40, "worker", 7, 0.81, 0.9, **refused_by("StoreUnavailable", APPEND))
    assert origin(drawn([*a_wish(), worker])["segments"])["at"] == "2020-03-08T02:58:06.900Z"


def test_a_fault_without_a_cause_has_its_hop_only() -> None:
    killed = segment(40, "worker", 7, 0.81, 0.9, fault=True)
    assert found(killed) == ("worker", None, None)


def test_a_refused_request_is_of_the_hop_that_refused_it() -> None:
    api = segment(1, "lastwish-local/local", None, 0, 0.1, origin="AWS::ApiGateway::Stage", error=True)
    assert origin(drawn([api])["segments"])["hop"] == "API"


def test_a_trace_that_did_not_fail_was_slow_where_it_stayed_longest() -> None:
    assert found(segment(40, "Pods", 6, 0.5, 9.0, origin="AWS::SQS::Queue")) == ("Pods", None, None)
