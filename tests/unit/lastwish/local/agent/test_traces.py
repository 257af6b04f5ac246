"""Traces: which are kept, how much memory they take, and the segments that are built when one is read."""

import json
import tracemalloc
from typing import Any

import pytest

from lastwish.local.agent.segments import MAX_ANNOTATIONS, MAX_IDS, Segment, parse
from lastwish.local.agent.traces import Bounds, Trace, Traces
from tests.support.documents import API, CALL, FUNCTION, HANDLER, QUEUE, TRACE, call, document, handler


def segment(body: dict[str, Any]) -> Segment:
    return parse(json.dumps(body))


def of_trace(number: int, **more: Any) -> Segment:
    return segment(document(API, start=float(number), end=number + 1.0, trace_id=f"1-{number:08x}-{'0' * 24}") | more)


def kept(*documents: dict[str, Any]) -> Trace:
    traces = Traces()
    for each in documents:
        traces.add(segment(each))
    (trace,) = traces.get([TRACE])
    return trace


def api(**more: Any) -> dict[str, Any]:
    return document(API, 99.9, 101.1, origin="AWS::ApiGateway::Stage", **more)


def ids(traces: Traces) -> list[int]:
    return [int(each.trace_id[2:10], 16) for each in traces.summaries(0, 1e9)]


def test_the_oldest_trace_is_dropped_for_a_new_one() -> None:
    traces = Traces(Bounds(traces=3))

    for number in range(5):
        traces.add(of_trace(number))

    assert ids(traces) == [2, 3, 4]


def test_all_of_it_stays_within_its_bytes() -> None:
    large = of_trace(10, metadata="x" * 20_000).size
    traces = Traces(Bounds(size=3 * large))

    for number in range(10, 60):
        traces.add(of_trace(number, metadata="x" * 20_000))
        assert traces.size <= 3 * large

    assert ids(traces) == [57, 58, 59]


def test_a_trace_that_grows_without_end_is_cut_off_and_the_others_stay() -> None:
    traces = Traces(Bounds(segments=10))
    traces.add(of_trace(1))

    for number in range(100):
        traces.add(of_trace(2, id=f"{number:016x}"))

    assert traces.dropped == 90
    assert ids(traces) == [1, 2]


def test_a_later_document_of_a_segment_replaces_the_earlier() -> None:
    traces = Traces()
    traces.add(segment(document(QUEUE, end=None)))
    traces.add(segment(document(QUEUE)))

    assert traces.size == segment(document(QUEUE)).size
    assert [each.get("end_time") for each in traces.get([TRACE])[0].documents()] == [101.0]


def test_cleared_traces_take_no_memory() -> None:
    traces = Traces()
    traces.add(of_trace(1))

    assert traces.clear() == 1
    assert (len(traces), traces.size) == (0, 0)


def test_a_functions_segment_is_built_below_the_api_of_its_trace() -> None:
    made = {each["id"]: each for each in kept(handler(), api()).documents()}[FUNCTION]

    assert (made["name"], made["origin"], made["parent_id"]) == ("frontend", "AWS::Lambda::Function", API)
    assert (made["start_time"], made["end_time"]) == (100.0, 101.0)
    assert [each["id"] for each in made["subsegments"]] == [HANDLER]


def test_a_function_that_no_api_called_is_a_root() -> None:
    (made,) = kept(handler()).documents()

    assert "parent_id" not in made


def test_a_function_grows_with_what_it_sends() -> None:
    later = handler(id=QUEUE, start_time=101.5, end_time=None, in_progress=True)

    (made,) = kept(handler(), later).documents()

    assert (made["start_time"], made.get("end_time"), made["in_progress"]) == (100.0, None, True)


def test_a_functions_fault_is_that_of_its_handler() -> None:
    (made,) = kept(handler(fault=True)).documents()

    assert made["fault"] is True


def test_a_subsegment_that_comes_by_itself_stands_in_its_segment() -> None:
    for order in ([handler(), call()], [call(), handler()]):
        (made,) = kept(*order).documents()
        assert [each["id"] for each in made["subsegments"][0]["subsegments"]] == [CALL]


def test_a_chain_that_somebody_made_up_is_left_out_and_the_rest_stays() -> None:
    deep = document("1" * 16, parent_id=HANDLER, type="subsegment")
    for number in range(100):
        deep = document(f"{number + 2:016x}", subsegments=[deep], parent_id="f" * 16, type="subsegment")
    trace = kept(api(), deep)

    assert [each["id"] for each in trace.documents()] == [API]
    json.dumps(trace.documents())  # or it could not be told to anybody


def test_subsegments_that_are_each_others_parents_do_no_harm() -> None:
    trace = kept(api(), handler(parent_id=CALL), call())

    assert [each["id"] for each in trace.documents()] == [API]


def test_a_summary_has_the_wish_the_time_to_the_answer_and_to_the_end() -> None:
    queue = document(QUEUE, 100.5, 103.5, annotations={"outcome": "boarded"}, throttle=True)

    summary = kept(api(error=True), handler(), queue).summary()

    assert (summary.start, summary.duration, summary.response_time) == (99.9, 3.6, 1.2)
    assert summary.annotations["wish_id"] == ["w1"]
    assert summary.annotations["outcome"] == ["boarded"]
    assert (summary.fault, summary.error, summary.throttle, summary.partial) == (False, True, True, False)


def test_only_traces_of_the_requested_time_are_returned() -> None:
    traces = Traces()
    for number in (10, 20, 30):
        traces.add(of_trace(number))

    assert [each.start for each in traces.summaries(15, 25)] == [20.0]


def many_ids(number: int, count: int) -> list[dict[str, str]]:
    return [{"id": f"{number * count + each:016x}"} for each in range(count)]


@pytest.mark.parametrize(
    "hostile",
    [
        lambda n: {},
        lambda n: {"http": {"request": {"method": "GET", "url": f"{n}"}, "more": [[] for _ in range(10_000)]}},
        lambda n: {"http": {"request": {"url": f"{n}" + "x" * 50_000}}},
        lambda n: {"name": f"{n}" + "x" * 50_000},
        lambda n: {"metadata": "\N{WHALE}" * 10_000},
        lambda n: {"subsegments": many_ids(n, MAX_IDS - 1)},
        lambda n: {"subsegments": [{"id": f"{each}"} for each in range(4000)]},
        lambda n: {"annotations": {f"{n} {each}": f"{each}" for each in range(MAX_ANNOTATIONS)}},
        lambda n: {"annotations": {f"{n} {each}" + "x" * 500: "x" * 500 for each in range(MAX_ANNOTATIONS)}},
    ],
    ids=["nothing", "http", "url", "name", "wide", "ids", "no-ids", "annotations", "long-annotations"],
)
def test_the_counted_size_is_at_least_half_of_the_memory_taken(hostile: Any) -> None:
    documents = [
        json.dumps(document(API, trace_id=f"1-{n:08x}-{'0' * 24}") | hostile(n), ensure_ascii=False).encode()
        for n in range(50)
    ]
    traces = Traces()
    tracemalloc.start()
    try:
        for each in documents:
            traces.add(parse(each))
        traces.summaries(0, 1e9)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(traces) == 50
    assert traces.size >= taken / 2
