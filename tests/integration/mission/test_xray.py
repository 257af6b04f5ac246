"""Traces as operators see them, and the way of one wish as everybody does."""

import json
from types import ModuleType

import boto3
import pytest

from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke
from tests.support.http import body, get, operator_event
from tests.support.samples import WISH_ID
from tests.support.traces import CHAIN, TRACE, Document, a_wish, refused_by, segment
from tests.support.wishes import batch

NOT_THERE = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1cff"


def record(*documents: Document) -> None:
    boto3.client("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(each) for each in documents])


def test_an_operator_sees_any_trace(mission: ModuleType, invoke: Invoke) -> None:
    record(*a_wish())
    answer = invoke(mission, operator_event(f"/ops/traces/{TRACE}"))
    assert body(answer)["hops"] == CHAIN
    assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]


@pytest.mark.parametrize("api", ["lastwish-local-2/local", "lastwish-local/local2", "lastwish/local"])
def test_a_trace_of_another_stack_is_not_found(mission: ModuleType, invoke: Invoke, api: str) -> None:
    record(*(each | {"name": api} if each["name"] == "lastwish-local/local" else each for each in a_wish()[:3]))
    answer = invoke(mission, operator_event(f"/ops/traces/{TRACE}"))
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (404, "urn:lastwish:problem:trace-not-found")


def test_a_batch_has_a_trace_of_its_own_which_an_operator_sees(mission: ModuleType, invoke: Invoke) -> None:
    record(segment(2, "parser", None, 0, 1, origin="AWS::Lambda::Function"))
    assert body(invoke(mission, operator_event(f"/ops/traces/{TRACE}")))["hops"] == ["parser"]


@pytest.mark.parametrize("trace_id", ["1-5e645f3e", "1-5e645f3e-1dfad076a177c5ccc5de12fX", "latest"])
def test_an_invalid_trace_id_is_answered_404(mission: ModuleType, invoke: Invoke, trace_id: str) -> None:
    answer = invoke(mission, operator_event(f"/ops/traces/{trace_id}"))
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (404, "urn:lastwish:problem:not-found")


def test_an_unknown_trace_has_retry_after(mission: ModuleType, invoke: Invoke) -> None:
    answer = invoke(mission, operator_event(f"/ops/traces/{TRACE}"))
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (404, "urn:lastwish:problem:trace-not-found")
    assert answer["multiValueHeaders"]["Retry-After"] == ["1"]


@pytest.fixture
def stored(aws: Aws, worker: ModuleType, invoke: Invoke) -> str:
    """A wish that came with a trace header."""
    event = batch((WISH_ID, "mars"))
    event["Records"][0]["attributes"]["AWSTraceHeader"] = f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1"
    invoke(worker, event)
    return WISH_ID


def test_everybody_sees_the_trace_of_a_wish(stored: str, mission: ModuleType, invoke: Invoke) -> None:
    record(*a_wish())
    answer = get(mission, invoke, f"/wishes/{stored}/trace")
    assert (body(answer)["trace_id"], body(answer)["hops"]) == (TRACE, CHAIN)
    assert answer["multiValueHeaders"]["Cache-Control"] == ["public, max-age=60"]
    assert "request-1" not in answer["body"]


def test_the_stack_of_an_error_is_for_operators_only(stored: str, mission: ModuleType, invoke: Invoke) -> None:
    raised = refused_by("StoreUnavailable", "infra/event_store.py:56 in append")
    record(*a_wish(), segment(15, "worker", 7, 0.8, 0.9, **raised))
    everybodys = get(mission, invoke, f"/wishes/{stored}/trace")
    assert body(everybodys)["segments"][-1]["exceptions"] == []
    assert "event_store" not in everybodys["body"]
    operators = body(invoke(mission, operator_event(f"/ops/traces/{TRACE}")))
    errors = [raised["type"] for row in operators["segments"] for raised in row["exceptions"]]
    assert errors == ["StoreUnavailable"]


def test_segments_of_another_wish_are_not_shown(stored: str, mission: ModuleType, invoke: Invoke) -> None:
    record(*a_wish(), segment(15, "parser", 5, 0.3, 0.4, annotations={"wish_id": NOT_THERE}))
    answer = get(mission, invoke, f"/wishes/{stored}/trace")
    assert body(answer)["hops"] == CHAIN
    assert f"{15:016x}" not in [row["id"] for row in body(answer)["segments"]]


def test_a_wish_that_was_not_sampled_has_no_retry_after(
    worker: ModuleType, mission: ModuleType, invoke: Invoke
) -> None:
    event = batch((WISH_ID, "mars"))
    event["Records"][0]["attributes"]["AWSTraceHeader"] = f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=0"
    invoke(worker, event)
    record(*a_wish())
    answer = get(mission, invoke, f"/wishes/{WISH_ID}/trace")
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (404, "urn:lastwish:problem:trace-not-found")
    assert "Retry-After" not in answer["multiValueHeaders"]


def test_a_trace_that_still_grows_is_kept_for_two_seconds(stored: str, mission: ModuleType, invoke: Invoke) -> None:
    record(*a_wish()[:3])
    answer = get(mission, invoke, f"/wishes/{stored}/trace")
    assert body(answer)["complete"] is False
    assert answer["multiValueHeaders"]["Cache-Control"] == ["public, max-age=2"]


@pytest.mark.parametrize(
    ("wish_id", "kind", "retry"),
    [(NOT_THERE, "wish-not-found", ["1"]), (WISH_ID, "trace-not-found", ["1"]), ("me", "not-found", None)],
)
def test_a_missing_trace_names_what_is_missing(
    stored: str, mission: ModuleType, invoke: Invoke, wish_id: str, kind: str, retry: list[str] | None
) -> None:
    answer = get(mission, invoke, f"/wishes/{wish_id}/trace")
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (404, f"urn:lastwish:problem:{kind}")
    assert answer["multiValueHeaders"].get("Retry-After") == retry


def test_a_wish_that_was_not_traced_has_no_trace(
    aws: Aws, worker: ModuleType, mission: ModuleType, invoke: Invoke
) -> None:
    invoke(worker, batch((WISH_ID, "mars")))
    answer = get(mission, invoke, f"/wishes/{WISH_ID}/trace")
    assert json.loads(answer["body"])["type"] == "urn:lastwish:problem:trace-not-found"


def test_throttling_by_x_ray_is_503_with_retry_after(stored: str, mission: ModuleType, invoke: Invoke) -> None:
    faults.fails(mission.xray, "xray.BatchGetTraces", "ThrottledException")
    answer = get(mission, invoke, f"/wishes/{stored}/trace")
    assert (answer["statusCode"], answer["multiValueHeaders"]["Retry-After"]) == (503, ["2"])


def test_a_store_that_does_not_answer_is_503(mission: ModuleType, invoke: Invoke) -> None:
    faults.unreachable(mission.store._client, "dynamodb.Query")
    assert get(mission, invoke, f"/wishes/{WISH_ID}/trace")["statusCode"] == 503


def test_a_projector_that_has_not_ended_leaves_the_trace_incomplete(
    stored: str, mission: ModuleType, invoke: Invoke
) -> None:
    record(*a_wish()[:-1], segment(10, "projector", 8, 2.0, None))
    assert body(get(mission, invoke, f"/wishes/{stored}/trace"))["complete"] is False
