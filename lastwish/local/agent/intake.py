"""What comes in over UDP: segments as the X-Ray daemon takes them, and requests of the proxy."""

import asyncio
import json
from typing import Any

from lastwish.local.agent.emf import Dimensions, Point
from lastwish.local.agent.metrics import Gathered
from lastwish.local.agent.numbers import is_number, is_time
from lastwish.local.agent.segments import API_STAGE, Malformed, parse
from lastwish.local.agent.traces import Traces
from lastwish.local.proxy import api_request
from lastwish.local.proxy.api_request import ApiRequest

NAMESPACE = "AWS/ApiGateway"


class Intake(asyncio.DatagramProtocol):
    """Sorts datagrams into `traces` and `gathered`; what is malformed is counted in `counters`, and dropped."""

    def __init__(self, traces: Traces, gathered: Gathered, counters: dict[str, int], stack: str, stage: str) -> None:
        self._traces, self._gathered, self._counters = traces, gathered, counters
        self._stack, self._stage = stack, stage

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """One datagram: a header line, and what it announces."""
        try:
            self._sort(*_split(data))
            self._counters["received"] += 1
        except (ValueError, TypeError, ArithmeticError, RecursionError):  # or asyncio logs each of them
            self._counters["malformed"] += 1

    def _sort(self, header: bytes, body: bytes) -> None:
        if header == api_request.HEADER:
            self._request(_checked(api_request.read(body)))
            return
        announced = json.loads(header)
        if not isinstance(announced, dict) or (announced.get("format"), announced.get("version")) != ("json", 1):
            raise Malformed("not the daemon's header")
        self._traces.add(parse(body))

    def _request(self, request: ApiRequest) -> None:
        if request.resource is not None:
            self._traces.add(parse(json.dumps(segment(request, self._stack, self._stage))))
        self._gathered.add(measured(request, self._stack, self._stage))


def _split(data: bytes) -> tuple[bytes, bytes]:
    header, newline, body = data.partition(b"\n")
    if not newline:
        raise Malformed("there is no header line")
    return header.strip(), body


def _checked(request: ApiRequest) -> ApiRequest:
    if not is_number(request.status, 100, 999) or not isinstance(request.status, int):
        raise Malformed("status is one of HTTP's")
    if not (is_time(request.start) and is_time(request.duration) and is_time(request.start + request.duration)):
        raise Malformed("start and duration are seconds")
    if not isinstance(request.method, str) or not isinstance(request.resource, str | None):
        raise Malformed("method and resource are words")
    return request


def segment(request: ApiRequest, stack: str, stage: str) -> dict[str, Any]:
    """The segment that API Gateway would record: without the path itself, which says whose wish it is."""
    return {
        "trace_id": request.trace_id,
        "id": request.segment_id,
        "name": f"{stack}/{stage}",
        "origin": API_STAGE,
        "start_time": request.start,
        "end_time": request.start + request.duration,
        "http": {
            "request": {"method": request.method, "url": f"/{stage}{request.resource}"},
            "response": {"status": request.status},
        },
        "error": 400 <= request.status < 500,
        "throttle": request.status == 429,
        "fault": request.status >= 500,
    }


def measured(request: ApiRequest, stack: str, stage: str) -> list[Point]:
    """The metrics that API Gateway would publish: of the stage, and of the method where there is such a route."""
    whole: Dimensions = (("ApiName", stack), ("Stage", stage))
    sets = [whole]
    if request.resource is not None:
        sets.append(tuple(sorted((*whole, ("Method", request.method), ("Resource", request.resource)))))
    values = {
        "Count": ("Count", 1.0),
        "4XXError": ("Count", float(400 <= request.status < 500)),
        "5XXError": ("Count", float(request.status >= 500)),
        "Latency": ("Milliseconds", request.duration * 1000),
    }
    end = request.start + request.duration
    return [Point(NAMESPACE, each, name, unit, value, end) for each in sets for name, (unit, value) in values.items()]
