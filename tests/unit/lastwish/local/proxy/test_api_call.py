"""Traces that begin at the proxy, and its reports to the agent."""

import asyncio
import re
import time
from pathlib import Path

import httpx
import pytest

from lastwish.local.door import ARRIVAL_HEADER
from lastwish.local.proxy.api_call import PROBE
from lastwish.local.proxy.concurrency import ConcurrencyLimit
from tests.support.proxy_bench import WISH, Bench, accepted

TRACE_ID = r"1-[0-9a-f]{8}-[0-9a-f]{24}"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "ledger.jsonl", accepted)


def test_a_request_goes_on_with_a_trace_of_its_own(bench: Bench) -> None:
    got = bench.ask("POST", b"/wishes", body=b"{}")

    header = bench.reached[0].headers["x-amzn-trace-id"]
    assert re.fullmatch(rf"Root={TRACE_ID};Parent=[0-9a-f]{{16}};Sampled=1", header)
    assert got.headers["x-amzn-trace-id"] == header.partition(";")[0]
    (report,) = bench.reports
    assert header == f"Root={report.trace_id};Parent={report.segment_id};Sampled=1"


def test_a_trace_header_of_a_client_is_dropped(bench: Bench) -> None:
    own = "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0"
    bench.ask("GET", b"/", {"X-Amzn-Trace-Id": own})

    assert "00000000-000000000000" not in bench.reached[0].headers["x-amzn-trace-id"]


def test_the_engine_is_told_when_a_request_arrived_and_not_when_its_turn_came(bench: Bench) -> None:
    async def crowd() -> None:
        async with bench.limit.slot():
            waiting = asyncio.create_task(bench.asking("POST", b"/wishes", None, [b"{}"]))
            await asyncio.sleep(0.05)
            before.append(time.time() * 1000)
            await asyncio.sleep(0.05)
        await waiting

    before: list[float] = []
    bench.limit = ConcurrencyLimit(1)
    asyncio.run(crowd())

    assert int(bench.reached[0].headers[ARRIVAL_HEADER]) <= before[0]


def test_an_arrival_that_a_client_made_up_is_dropped(bench: Bench) -> None:
    bench.ask("GET", b"/", {ARRIVAL_HEADER: "0"})

    assert bench.reached[0].headers.get_list(ARRIVAL_HEADER) != ["0"]
    assert len(bench.reached[0].headers.get_list(ARRIVAL_HEADER)) == 1


def test_two_requests_are_two_traces(bench: Bench) -> None:
    assert len({bench.ask("GET", b"/").headers["x-amzn-trace-id"] for _ in range(2)}) == 2


@pytest.mark.parametrize(
    ("method", "path", "report"),
    [
        ("POST", b"/wishes", ("POST", "/wishes", 202)),
        ("GET", b"/wishes/" + WISH.encode(), ("GET", "/wishes/{wish_id}", 202)),
        ("HEAD", b"/wall", ("GET", "/wall", 202)),
        ("GET", b"/nothing", ("GET", None, 404)),
        ("DELETE", b"/wishes", ("DELETE", None, 404)),
    ],
)
def test_a_report_has_route_and_status(
    bench: Bench, method: str, path: bytes, report: tuple[str, str | None, int]
) -> None:
    bench.ask(method, path)

    assert [(each.method, each.resource, each.status) for each in bench.reports] == [report]


def test_whether_this_is_the_proxy_is_no_call_of_the_api(bench: Bench) -> None:
    """The watcher asks every ten seconds: a stack that nobody uses would cost something, on AWS it does not."""
    assert bench.ask("GET", f"/{PROBE}".encode()).status == 404
    assert bench.reports == []


def test_an_operators_route_that_is_none_on_the_network_is_an_unknown_path(bench: Bench) -> None:
    bench.gateway = bench.gateway.for_network()
    bench.ask("GET", b"/console")

    assert [(each.resource, each.status) for each in bench.reports] == [(None, 404)]


def test_what_the_proxy_answered_itself_is_reported_too(bench: Bench) -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    bench.limit = ConcurrencyLimit(0, queue=0)
    bench.ask("POST", b"/wishes")
    bench.limit, bench.engine = ConcurrencyLimit(), away
    bench.ask("POST", b"/wishes")

    assert [(each.resource, each.status) for each in bench.reports] == [("/wishes", 429), ("/wishes", 503)]
