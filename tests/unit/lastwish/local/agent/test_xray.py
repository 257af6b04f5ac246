"""X-Ray's API: answers, refusals, and which traces a filter accepts."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from lastwish.local.agent.filters import compile_filter
from lastwish.local.agent.segments import API_STAGE, parse
from lastwish.local.agent.traces import Traces
from lastwish.local.agent.xray import PAGE, application
from tests.support.documents import API, FUNCTION, HANDLER, QUEUE, TRACE, document, handler


class Api:
    """Application under test, called without a socket."""

    def __init__(self, traces: Traces) -> None:
        self._transport = httpx.ASGITransport(application(traces, {"malformed": 0}))

    def __call__(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def asking() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, **request)

        return asyncio.run(asking())


@pytest.fixture
def traces() -> Traces:
    return Traces()


@pytest.fixture
def api(traces: Traces) -> Api:
    return Api(traces)


def ask(api: Api, path: str, **asked: Any) -> Any:
    answer = api("POST", path, json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def keep(traces: Traces, *documents: dict[str, Any]) -> None:
    for each in documents:
        traces.add(parse(json.dumps(each)))


def test_a_trace_is_given_with_its_documents_as_text(api: Api, traces: Traces) -> None:
    keep(traces, handler(), document(QUEUE))

    answer = ask(api, "/Traces", TraceIds=[TRACE, "1-00000000-000000000000000000000000"])

    (trace,) = answer["Traces"]
    assert (trace["Id"], trace["Duration"]) == (TRACE, 1.0)
    assert {json.loads(each["Document"])["id"] for each in trace["Segments"]} == {FUNCTION, QUEUE}
    assert answer["UnprocessedTraceIds"] == ["1-00000000-000000000000000000000000"]


def test_a_segment_that_is_put_can_be_read(api: Api) -> None:
    answer = ask(api, "/TraceSegments", TraceSegmentDocuments=[json.dumps(document(QUEUE)), "{}", 7])

    assert [each["ErrorCode"] for each in answer["UnprocessedTraceSegments"]] == ["MalformedSegment"] * 2
    assert ask(api, "/Traces", TraceIds=[TRACE])["Traces"][0]["Segments"][0]["Id"] == QUEUE


def test_summaries_come_in_pages(api: Api, traces: Traces) -> None:
    for number in range(PAGE + 5):
        keep(traces, document(QUEUE, trace_id=f"1-{number:08x}-{'0' * 24}"))

    first = ask(api, "/TraceSummaries", StartTime=0, EndTime=200)
    second = ask(api, "/TraceSummaries", StartTime=0, EndTime=200, NextToken=first["NextToken"])

    assert "NextToken" not in second
    seen = [each["Id"] for page in (first, second) for each in page["TraceSummaries"]]
    assert len(set(seen)) == len(seen) == PAGE + 5


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/Traces", {}),
        ("/Traces", {"TraceIds": "x"}),
        ("/Traces", {"TraceIds": ["x"] * 6}),
        ("/TraceSummaries", {}),
        ("/TraceSummaries", {"StartTime": 2, "EndTime": 1}),
        ("/TraceSummaries", {"StartTime": "a", "EndTime": 1}),
        ("/TraceSummaries", {"StartTime": 0, "EndTime": 10**400}),
        ("/TraceSummaries", {"StartTime": 0, "EndTime": 1, "FilterExpression": 'service("x")'}),
        ("/TraceSummaries", {"StartTime": 0, "EndTime": 1, "NextToken": 5}),
        ("/TraceSegments", {"TraceSegmentDocuments": {}}),
    ],
)
def test_what_x_ray_would_refuse_is_refused(api: Api, path: str, asked: dict[str, Any]) -> None:
    answer = api("POST", path, json=asked)

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "InvalidRequestException")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"x" * 5_000_000], ids=lambda body: ascii(body[:9]))
def test_a_body_that_is_no_request_is_refused(api: Api, body: bytes) -> None:
    assert api("POST", "/Traces", content=body).status_code == 400


def test_a_reset_deletes_the_traces(api: Api, traces: Traces) -> None:
    keep(traces, handler())

    assert api("DELETE", "/_lastwish/traces").json() == {"gone": 1}
    assert api("GET", "/_lastwish/health").json()["traces"] == 0


ANNOTATIONS = {"Service": "x", "wish_id": "w1", "receive_count": 3}


@pytest.mark.parametrize(
    ("expression", "flags", "expected"),
    [
        ("", {}, True),
        ('annotation.wish_id = "w1"', {}, True),
        ('annotation.wish_id = "w2"', {"fault": True}, False),
        ('annotation.nothing = "w1"', {}, False),
        ('annotation.receive_count = "3"', {}, False),
        ("responsetime > 0.5 OR fault = true OR error = true", {}, True),
        ("responsetime > 1 OR fault = true OR error = true", {}, False),
        ("responsetime > 1 OR fault = true OR error = true", {"fault": True}, True),
        ("responsetime > 1 OR fault = true OR error = true", {"error": True}, True),
        ("responsetime > 1 OR fault = true OR error = true", {"throttle": True}, False),
        ('http.method = "POST" AND http.url ENDSWITH "/wishes"', {}, False),
        ('(service("x")) AND (annotation.wish_id = "w1")', {}, True),
        ('(service("x")) AND (annotation.wish_id = "w2")', {}, False),
        ('(service("lastwish/dev") OR service("x")) AND (annotation.wish_id = "w1")', {}, True),
        ('(service("lastwish/dev")) AND (annotation.wish_id = "w1")', {}, False),
        ('(service("x")) AND (responsetime > 1 OR fault = true OR error = true)', {}, False),
        ('(service("x")) AND (responsetime > 1 OR fault = true OR error = true)', {"fault": True}, True),
        ('(service("x2") OR service("")) AND (responsetime > 0.5 OR fault = true OR error = true)', {}, False),
    ],
)
def test_a_filter_accepts_what_it_names(
    traces: Traces, expression: str, flags: dict[str, bool], expected: bool
) -> None:
    keep(traces, handler(annotations=ANNOTATIONS, **flags))
    (summary,) = traces.summaries(0, 1e9)

    assert compile_filter(expression)(summary) is expected


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [("POST", "/local/wishes", True), ("GET", "/local/wishes", False), ("POST", "/local/sign-in", False)],
)
def test_a_filter_finds_requests_by_method_and_end_of_url(
    traces: Traces, method: str, url: str, expected: bool
) -> None:
    keep(traces, document(API, origin=API_STAGE, http={"request": {"method": method, "url": url}}))
    (summary,) = traces.summaries(0, 1e9)

    assert compile_filter('http.method = "POST" AND http.url ENDSWITH "/wishes"')(summary) is expected


@pytest.mark.parametrize(
    "expression",
    [
        'service("frontend")',
        '(service("frontend"))',
        '(service("frontend")) AND (fault = true)',
        '(service("frontend")) OR (annotation.wish_id = "w1")',
        '(service("front\\"end")) AND (annotation.wish_id = "w1")',
        '(service("a")) AND ((service("b")) AND (annotation.wish_id = "w1"))',
        "http.status = 500",
        'http.method = "POST"',
        'http.method = "POST" OR http.url ENDSWITH "/wishes"',
        "fault = true",
        "responsetime",
        'responsetime > "1" OR fault = true OR error = true',
        "responsetime > 1 OR fault = true",
        "responsetime > 1 OR fault = true OR error = true OR throttle = true",
        "responsetime > 1 AND fault = true AND error = true",
        'annotation[wish_id] = "w1"',
        'annotation.wish_id != "w1"',
        'annotation.wish_id = "w1',
        'annotation.wish_id = "w1" OR fault = true',
        'annotation.wish_id = "w1\\""',
        "annotation.receive_count >= 3",
        "annotation.receive_count = 3",
        " ",
        "(" * 5000,
    ],
    ids=lambda expression: expression[:30],
)
def test_any_other_filter_is_refused_with_its_text(api: Api, expression: str) -> None:
    answer = api("POST", "/TraceSummaries", json={"StartTime": 0, "EndTime": 1, "FilterExpression": expression})

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "InvalidRequestException")
    assert f"does not know the filter expression {expression[:100]!r}" in answer.json()["Message"]


def test_the_handler_stands_in_its_function(api: Api, traces: Traces) -> None:
    keep(traces, handler())

    (segment,) = ask(api, "/Traces", TraceIds=[TRACE])["Traces"][0]["Segments"]

    assert json.loads(segment["Document"])["subsegments"][0]["id"] == HANDLER
