"""Receive datagrams over UDP: segments as for the X-Ray daemon, and the proxy's reports of API calls."""

import asyncio
import json
from hmac import compare_digest
from typing import Any

from lastwish.local.agent.emf import Dimensions, Point
from lastwish.local.agent.metrics import MetricBuffer
from lastwish.local.agent.segments import API_STAGE, Malformed, parse
from lastwish.local.agent.traces import Traces
from lastwish.local.agent.validation import is_number, is_time
from lastwish.local.proxy import api_call
from lastwish.local.proxy.api_call import CompletedCall

NAMESPACE = "AWS/ApiGateway"


class Receiver(asyncio.DatagramProtocol):
    """Adds segments to `traces` and metrics of API calls to `metrics`; counts and drops malformed datagrams."""

    def __init__(  # noqa: PLR0917 - put together in one place
        self, traces: Traces, metrics: MetricBuffer, counters: dict[str, int], stack: str, stage: str, key: str
    ) -> None:
        self._traces, self._metrics, self._counters = traces, metrics, counters
        self._stack, self._stage, self._calls_header = stack, stage, api_call.header(key)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Process one datagram: a header line and the document that it announces."""
        try:
            self._process(*_split(data))
            self._counters["received"] += 1
        except (ValueError, TypeError, ArithmeticError, RecursionError):  # asyncio would log each of them
            self._counters["malformed"] += 1

    def _process(self, header: bytes, body: bytes) -> None:
        if compare_digest(header, self._calls_header):
            self._add_call(_checked(api_call.read(body)))
            return
        announced = json.loads(header)
        if not isinstance(announced, dict) or (announced.get("format"), announced.get("version")) != ("json", 1):
            raise Malformed("not the daemon's header")
        self._traces.add(parse(body))

    def _add_call(self, call: CompletedCall) -> None:
        if call.resource is not None:
            self._traces.add(parse(json.dumps(segment(call, self._stack, self._stage))))
        self._metrics.add(points(call, self._stack, self._stage))


def _split(data: bytes) -> tuple[bytes, bytes]:
    header, newline, body = data.partition(b"\n")
    if not newline:
        raise Malformed("there is no header line")
    return header.strip(), body


def _checked(call: CompletedCall) -> CompletedCall:
    if not is_number(call.status, 100, 999) or not isinstance(call.status, int):
        raise Malformed("status is not one of HTTP's")
    if not (is_time(call.start) and is_time(call.duration) and is_time(call.start + call.duration)):
        raise Malformed("start and duration are not seconds")
    if not isinstance(call.method, str) or not isinstance(call.resource, str | None):
        raise Malformed("method and resource are not texts")
    return call


def segment(call: CompletedCall, stack: str, stage: str) -> dict[str, Any]:
    """Return the segment that API Gateway would record, but with the route for the path: that names the wish."""
    return {
        "trace_id": call.trace_id,
        "id": call.segment_id,
        "name": f"{stack}/{stage}",
        "origin": API_STAGE,
        "start_time": call.start,
        "end_time": call.start + call.duration,
        "http": {
            "request": {"method": call.method, "url": f"/{stage}{call.resource}"},
            "response": {"status": call.status},
        },
        "error": 400 <= call.status < 500,
        "throttle": call.status == 429,
        "fault": call.status >= 500,
    }


def points(call: CompletedCall, stack: str, stage: str) -> list[Point]:
    """Return the metrics that API Gateway would publish: of the stage, and of the route where there is one."""
    of_stage: Dimensions = (("ApiName", stack), ("Stage", stage))
    dimension_sets = [of_stage]
    if call.resource is not None:
        dimension_sets.append(tuple(sorted((*of_stage, ("Method", call.method), ("Resource", call.resource)))))
    values = {
        "Count": ("Count", 1.0),
        "4XXError": ("Count", float(400 <= call.status < 500)),
        "5XXError": ("Count", float(call.status >= 500)),
        "Latency": ("Milliseconds", call.duration * 1000),
    }
    end = call.start + call.duration
    return [
        Point(NAMESPACE, dimensions, name, unit, value, end)
        for dimensions in dimension_sets
        for name, (unit, value) in values.items()
    ]
