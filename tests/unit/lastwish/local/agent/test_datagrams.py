"""Datagrams of the X-Ray SDK and the proxy, and malformed ones."""

import json
import os
from collections import Counter
from typing import Any

import pytest

from lastwish.local.agent.datagrams import Receiver
from lastwish.local.agent.metrics import MetricBuffer
from lastwish.local.agent.segments import MAX_ANNOTATIONS, MAX_DOCUMENT, MAX_IDS
from lastwish.local.agent.traces import Traces
from lastwish.local.proxy import api_call
from lastwish.local.proxy.api_call import ApiCall, CompletedCall
from tests.support.documents import API, TRACE, datagram, document, handler

KEY = "LWKEY"
HEADER = api_call.header(KEY)
HUGE = 10**400  # an integer that no float holds


class Received:
    """A receiver, and the traces and metrics of its datagrams."""

    def __init__(self) -> None:
        self.traces, self.buffer, self.counters = Traces(), MetricBuffer(), {"received": 0, "malformed": 0}
        self.receiver = Receiver(self.traces, self.buffer, self.counters, "wishes", "local", KEY)

    def get(self, data: bytes) -> None:
        self.receiver.datagram_received(data, ("127.0.0.1", 1))

    def documents(self) -> list[dict[str, Any]]:
        return [each for trace in self.traces.get([TRACE]) for each in trace.documents()]

    def metrics(self) -> dict[tuple[str, str | None], float]:
        """Sum of each metric of the API, by its name and resource."""
        sums: Counter[tuple[str, str | None]] = Counter()
        for call in self.buffer.drain():
            for datum in call["MetricData"]:
                resource = {each["Name"]: each["Value"] for each in datum["Dimensions"]}.get("Resource")
                sums[datum["MetricName"], resource] += sum(
                    value * count for value, count in zip(datum["Values"], datum["Counts"], strict=True)
                )
        return dict(sums)


@pytest.fixture
def received() -> Received:
    return Received()


def call(status: int = 202, resource: str | None = "/wishes") -> CompletedCall:
    return CompletedCall("POST", resource, status, 100.0, 0.25, TRACE, API)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"no header",
        b"{}\n{}",
        b'{"format": "json", "version": 2}\n' + json.dumps(handler()).encode(),
        b'{"format": "json", "version": 1}',
        b"[1]\n{}",
        b'{"format": "json", "version": 1, ' + b"[" * 100_000 + b"\n{}",
        datagram(b""),
        datagram(b"{"),
        datagram(b"[]"),
        datagram(b"7"),
        datagram(b"[" * 60_000),
        datagram(b"\xff\xfe"),
        datagram(document(API) | {"id": "A" * 16}),
        datagram(document(API) | {"id": 7}),
        datagram(document(API) | {"trace_id": "1-2-3"}),
        datagram(document(API) | {"parent_id": "x"}),
        datagram(document(API) | {"name": None}),
        datagram(document(API) | {"start_time": "now"}),
        datagram(document(API) | {"start_time": True}),
        datagram(document(API) | {"start_time": float("nan")}),
        datagram(document(API) | {"end_time": float("inf")}),
        datagram(document(API) | {"metadata": "x" * MAX_DOCUMENT}),
        datagram(document(API) | {"start_time": -1}),
        datagram(document(API) | {"start_time": 1e300}),
        datagram(document(API) | {"start_time": HUGE}),
        datagram(document(API) | {"end_time": 4e9 + 1}),
        datagram(document(API) | {"end_time": HUGE}),
        datagram(document(API) | {"annotations": {f"key{n}": n for n in range(MAX_ANNOTATIONS + 1)}}),
        datagram(document(API) | {"subsegments": [{"id": f"{n:016x}"} for n in range(MAX_IDS + 1)]}),
        HEADER + b"\n",
        HEADER + b"\n[]",
        HEADER + b'\n{"method": "GET"}',
        call().datagram(HEADER).replace(b"202", b'"202"'),
        call().datagram(HEADER).replace(b"202", b"true"),
        call().datagram(HEADER).replace(b"202", str(HUGE).encode()),
        call().datagram(HEADER).replace(b"0.25", b"NaN"),
        call().datagram(HEADER).replace(b"0.25", b"-1"),
        call().datagram(HEADER).replace(b"0.25", b"4e9"),
        call().datagram(HEADER).replace(b"100.0", b"1e300"),
        call().datagram(HEADER).replace(b"100.0", str(HUGE).encode()),
        call(resource=None).datagram(HEADER).replace(b"100.0", b"1e300"),
        call().datagram(HEADER).replace(TRACE.encode(), b"1-2-3"),
    ],
    ids=lambda data: ascii(data[-60:]),
)
def test_a_malformed_datagram_is_counted_and_dropped(received: Received, data: bytes) -> None:
    received.get(data)

    assert received.counters == {"received": 0, "malformed": 1}
    assert len(received.traces) == 0
    assert not received.metrics()


def test_noise_does_not_hurt(received: Received) -> None:
    for length in range(2000):
        received.get(os.urandom(length))

    received.get(datagram(handler()))

    assert received.counters == {"received": 1, "malformed": 2000}


@pytest.mark.parametrize(
    "odd",
    [
        {"subsegments": "none"},
        {"subsegments": [1, None, {"id": 5, "annotations": 3}]},
        {"annotations": ["wish_id"]},
        {"annotations": {"wish_id": {"a": 1}, "half": "\ud800"}},
        {"annotations": {"huge": HUGE}},
        {"subsegments": [{"id": []}]},
        {"http": {"request": "GET", "response": {"status": HUGE}}},
        {"http": "GET"},
        {"origin": 4},
    ],
)
def test_an_odd_part_does_not_cost_the_document(received: Received, odd: dict[str, Any]) -> None:
    received.get(datagram(document(API) | odd))

    assert [each["id"] for each in received.documents()] == [API]
    assert received.traces.summaries(0, 1e10)


def test_a_request_becomes_the_segment_of_api_gateway(received: Received) -> None:
    received.get(call(429).datagram(HEADER))

    assert received.documents() == [
        {
            "trace_id": TRACE,
            "id": API,
            "name": "wishes/local",
            "origin": "AWS::ApiGateway::Stage",
            "start_time": 100.0,
            "end_time": 100.25,
            "http": {"request": {"method": "POST", "url": "/local/wishes"}, "response": {"status": 429}},
            "error": True,
            "throttle": True,
            "fault": False,
        }
    ]


@pytest.mark.parametrize(("status", "bad", "failed"), [(202, 0, 0), (404, 1, 0), (503, 0, 1)])
def test_a_request_is_measured_for_the_stage_and_for_its_route(
    received: Received, status: int, bad: int, failed: int
) -> None:
    received.get(call(status).datagram(HEADER))

    measured = received.metrics()
    for resource in (None, "/wishes"):
        of_it = {name: value for (name, where), value in measured.items() if where == resource}
        assert of_it == {"Count": 1, "4XXError": bad, "5XXError": failed, "Latency": 250}


def test_an_unknown_path_is_counted_for_the_stage_and_leaves_no_trace(received: Received) -> None:
    received.get(call(404, None).datagram(HEADER))

    assert {resource for _, resource in received.metrics()} == {None}
    assert len(received.traces) == 0


def test_what_follows_a_request_has_its_segment_as_parent(received: Received) -> None:
    call = ApiCall("GET", "/wall")
    completed = call.complete(200)

    trace = f"Root={completed.trace_id};Parent={completed.segment_id};Sampled=1"
    assert (b"x-amzn-trace-id", trace.encode()) in call.headers
    received.get(completed.datagram(HEADER))
    assert received.counters["malformed"] == 0
