"""Proxy between a raw ASGI request and a stand-in for the engine at the HTTP seam."""

import asyncio
import gzip
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from lastwish.local.proxy.app import MAX_BODY, MAX_HEAD, Proxy
from lastwish.local.proxy.concurrency import ConcurrencyLimit, RouteLimits
from lastwish.local.proxy.gateway import GatewayResponse, Route, pattern
from lastwish.local.proxy.ledger import Ledger, promised, read
from tests.support.proxy_bench import BALLOTS, WISH, Bench, Got, _ask, accepted

NOT_FOUND = {
    "type": "urn:lastwish:problem:not-found",
    "title": "Not found",
    "status": 404,
    "detail": "There is nothing at this path.",
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "ledger.jsonl", accepted)


def test_the_raw_path_and_query_go_on_as_they_came(bench: Bench) -> None:
    bench.ask("GET", b"/wishes/%F0%9F%90%8B~x", query=b"a=%2e%2e/&b=+")

    assert bench.reached[0].extensions["target"] == b"/_aws/execute-api/abc/local/wishes/%F0%9F%90%8B~x?a=%2e%2e/&b=+"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", b"/_ministack/health"), ("GET", b"/assets/%2e%2e"), ("DELETE", b"/wishes"), ("GET", b"//")],
)
def test_nothing_else_reaches_the_engine(bench: Bench, method: str, path: bytes) -> None:
    got = bench.ask(method, path)

    assert (got.status, got.problem) == (404, NOT_FOUND)
    assert not bench.reached


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/html"}])
def test_a_query_with_bytes_that_are_no_query_is_nothing_at_all(bench: Bench, headers: dict[str, str]) -> None:
    assert bench.ask("GET", b"/", headers, query=b"a=\xff").status == 404
    assert not bench.reached


@pytest.mark.parametrize("path", [b"/nowhere", b"/_ministack/health", b"/%63onsole"])
def test_a_person_gets_the_functions_page_for_an_unknown_path_of_which_only_the_depth_goes_on(
    bench: Bench, path: bytes
) -> None:
    bench.engine = lambda _: httpx.Response(404, headers={"content-type": "text/html"}, content=b"nothing here")
    got = bench.ask("GET", path, {"Accept": "text/html,*/*;q=0.8"}, query=b"lang=ja")

    assert (got.status, got.body) == (404, b"nothing here")
    assert bench.reached[0].extensions["target"].endswith(b"/local" + b"/-" * path.count(b"/") + b"?lang=ja")
    assert bench.reports[0].resource == "/{proxy+}"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", b"/nowhere"), ("DELETE", b"/wishes"), ("GET", b"/assets/%2e%2e")]
)
def test_a_person_too_gets_a_problem_for_what_is_no_plain_request_for_a_page(
    bench: Bench, method: str, path: bytes
) -> None:
    assert bench.ask(method, path, {"Accept": "text/html"}).problem == NOT_FOUND
    assert not bench.reached


@pytest.mark.parametrize(
    "header",
    [
        "X-Amz-Target",
        "X-Amz-Date",
        "X-Amz-Request-Route",
        "X-Lastwish-Key",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "Content-Encoding",
        "Transfer-Encoding",
        "Upgrade",
        "Forwarded",
    ],
)
def test_a_header_that_could_steer_the_engine_stays_outside(bench: Bench, header: str) -> None:
    bench.ask("POST", b"/wishes", {header: "DynamoDB_20120810.ListTables"}, b"{}")

    assert header not in bench.reached[0].headers


def test_the_engine_sees_its_own_name_as_host(bench: Bench) -> None:
    bench.ask("POST", b"/wishes", {"Host": "sqs.us-east-1.amazonaws.com"}, b"{}")

    assert bench.reached[0].headers["host"] == "127.0.0.1:4566"


def test_a_signature_of_aws_is_not_an_authorization_here(bench: Bench) -> None:
    bench.ask("GET", b"/", {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/sqs/aws4_request"})

    assert "authorization" not in bench.reached[0].headers


def test_a_token_goes_through_to_our_own_authorizer(bench: Bench) -> None:
    bench.ask("GET", b"/", {"Authorization": "Bearer abc"})

    assert bench.reached[0].headers["authorization"] == "Bearer abc"


@pytest.mark.parametrize("name", [b"X-Amz-Credential", b"x-amz-signature", b"X%2dAmz-Credential", b"AWSAccessKeyId"])
def test_a_signature_in_the_query_is_taken_out(bench: Bench, name: bytes) -> None:
    bench.ask("GET", b"/", query=b"a=1&" + name + b"=test&b=2")

    assert bench.reached[0].extensions["target"] == b"/_aws/execute-api/abc/local/?a=1&b=2"


def test_what_the_api_reads_goes_through(bench: Bench) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k", "Accept": "text/html"}
    bench.ask("POST", b"/wishes", headers, b'{"message":"hello"}')

    assert {name: bench.reached[0].headers[name] for name in headers} == headers
    assert bench.reached[0].content == b'{"message":"hello"}'


def test_a_head_is_asked_as_a_get(bench: Bench) -> None:
    bench.ask("HEAD", b"/health")

    assert bench.reached[0].method == "GET"


def test_a_body_that_says_it_is_too_large_is_not_read(bench: Bench) -> None:
    got = bench.ask("POST", b"/wishes", {"Content-Length": str(MAX_BODY + 1)}, b"")

    assert (got.status, got.problem["status"]) == (413, 413)
    assert not bench.reached


def test_a_body_that_only_turns_out_too_large_is_not_read_on(bench: Bench) -> None:
    endless = [b"x" * MAX_BODY] * 3
    got = asyncio.run(bench.asking("POST", b"/wishes", None, endless))

    assert got.status == 413
    assert not bench.reached


def test_two_lengths_of_one_body_are_no_http(bench: Bench) -> None:
    got = bench.ask("POST", b"/wishes", {"Content-Length": "2", "Transfer-Encoding": "chunked"}, b"{}")

    assert (got.status, got.problem["type"]) == (400, "urn:lastwish:problem:bad-request")
    assert got.headers["connection"] == "close"
    assert not bench.reached


@pytest.mark.parametrize(
    ("path", "query", "header"),
    [(b"/" + b"x" * MAX_HEAD, b"", ""), (b"/", b"x" * MAX_HEAD, ""), (b"/", b"", "x" * MAX_HEAD)],
    ids=["path", "query", "header"],
)
def test_too_large_a_head_is_refused(bench: Bench, path: bytes, query: bytes, header: str) -> None:
    got = bench.ask("GET", path, {"X": header}, query=query)

    assert (got.status, got.problem["type"]) == (400, "urn:lastwish:problem:bad-request")
    assert not bench.reached


def test_an_accepted_wish_is_in_the_ledger(bench: Bench) -> None:
    got = bench.ask("POST", b"/wishes", body=b"{}")

    assert got.status == 202
    assert promised(bench.ledger) == [WISH]


def test_a_form_that_is_sent_on_to_its_receipt_is_in_the_ledger(bench: Bench) -> None:
    bench.engine = lambda _: httpx.Response(303, headers={"Location": f"wishes/{WISH}"})
    got = bench.ask("POST", b"/wishes", body=b"message=hello")

    assert (got.status, got.headers["location"]) == (303, f"wishes/{WISH}")
    assert promised(bench.ledger) == [WISH]


def test_a_refused_wish_is_not_in_the_ledger(bench: Bench) -> None:
    problem = {"content-type": "application/problem+json"}
    bench.engine = lambda _: httpx.Response(422, headers=problem, json={"status": 422})

    assert bench.ask("POST", b"/wishes", body=b"{}").status == 422
    assert (promised(bench.ledger), read(bench.ledger).unknown_ends) == ([], 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_wish_that_the_ledger_cannot_take_is_not_passed_on(bench: Bench) -> None:
    bench.ledger = Path("/dev/full")
    got = bench.ask("POST", b"/wishes", body=b"{}")

    assert (got.status, got.problem["status"]) == (503, 503)
    assert not bench.reached


def test_a_wish_is_in_the_ledger_before_the_engine_hears_of_it(bench: Bench) -> None:
    def engine(request: httpx.Request) -> httpx.Response:
        assert (promised(bench.ledger), read(bench.ledger).unknown_ends) == ([], 1)
        return accepted(request)

    bench.engine = engine
    assert bench.ask("POST", b"/wishes", body=b"{}").status == 202
    assert (promised(bench.ledger), read(bench.ledger).unknown_ends) == ([WISH], 0)


def test_a_promise_that_the_ledger_cannot_take_is_not_made(bench: Bench) -> None:
    def fill_the_disk(request: httpx.Request) -> httpx.Response:
        bench.ledger.unlink()
        bench.ledger.mkdir()  # which takes no line
        return accepted(request)

    bench.engine = fill_the_disk
    got = bench.ask("POST", b"/wishes", body=b"{}")

    assert (got.status, got.problem["status"]) == (503, 503)


def test_a_promise_without_a_wish_id_is_not_made(bench: Bench) -> None:
    bench.engine = lambda _: httpx.Response(202, json=["?"])

    assert bench.ask("POST", b"/wishes", body=b"{}").status == 503
    assert (promised(bench.ledger), read(bench.ledger).unknown_ends) == ([], 1)


@pytest.mark.parametrize("error", [httpx.ReadTimeout("29 s"), httpx.RemoteProtocolError("it died")])
def test_a_wish_whose_engine_dies_has_an_unknown_end(bench: Bench, error: httpx.TransportError) -> None:
    def dying(_request: httpx.Request) -> httpx.Response:
        raise error

    bench.engine = dying
    assert bench.ask("POST", b"/wishes", body=b"{}").status == 503
    assert (promised(bench.ledger), read(bench.ledger).unknown_ends) == ([], 1)


def test_what_is_no_wish_is_not_in_the_ledger(bench: Bench) -> None:
    bench.ask("GET", b"/wall")
    bench.ask("GET", b"/wishes")

    assert len(bench.reached) == 2
    assert not bench.ledger.exists()


def test_a_dead_engine_is_a_problem_with_retry_after(bench: Bench) -> None:
    def dead(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    bench.engine = dead
    got = bench.ask("POST", b"/wishes", body=b"{}")

    assert (got.status, got.problem["status"]) == (503, 503)
    assert got.headers["retry-after"].isdecimal()


@pytest.mark.parametrize(("engine_says", "client_sees"), [(429, 429), (500, 503), (502, 503), (504, 503), (403, 404)])
def test_the_engines_own_error_becomes_the_gateways(bench: Bench, engine_says: int, client_sees: int) -> None:
    bench.engine = lambda _: httpx.Response(engine_says, json={"message": "Internal Server Error"})
    got = bench.ask("GET", b"/health")

    assert (got.status, got.problem["status"]) == (client_sees, client_sees)


@pytest.mark.parametrize("spoken", ["application/problem+json", "text/html; charset=utf-8"])
def test_what_the_function_says_of_a_problem_stays_as_it_is(bench: Bench, spoken: str) -> None:
    headers = {"content-type": spoken, "retry-after": "2"}
    bench.engine = lambda _: httpx.Response(503, headers=headers, content=b'{"title":"mine"}')
    got = bench.ask("POST", b"/wishes", body=b"{}")

    assert (got.status, got.headers["retry-after"], got.body) == (503, "2", b'{"title":"mine"}')


UNAUTHORIZED = GatewayResponse(
    401, {"content-type": "application/problem+json", "refresh": "0; url=sign-in"}, b'{"status":401}'
)


def test_the_engines_401_is_the_templates_unauthorized(bench: Bench) -> None:
    bench.gateway = replace(bench.gateway, responses=bench.gateway.responses | {"UNAUTHORIZED": UNAUTHORIZED})
    bench.engine = lambda _: httpx.Response(401, json={"message": "Unauthorized"})
    got = bench.ask("GET", b"/health")

    assert (got.status, got.problem, got.headers["refresh"]) == (401, {"status": 401}, "0; url=sign-in")


def test_where_the_template_says_nothing_of_a_401_it_stays_the_engines(bench: Bench) -> None:
    responses = {kind: response for kind, response in bench.gateway.responses.items() if kind != "UNAUTHORIZED"}
    bench.gateway = replace(bench.gateway, responses=responses)
    bench.engine = lambda _: httpx.Response(401, json={"message": "Unauthorized"})
    got = bench.ask("GET", b"/health")

    assert (got.status, got.body) == (401, b'{"message":"Unauthorized"}')


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_functions_own_stays_as_it_is(bench: Bench, status: int) -> None:
    problem = {"content-type": "application/problem+json"}
    bench.engine = lambda _: httpx.Response(status, headers=problem, content=b'{"title":"mine"}')
    got = bench.ask("GET", b"/health")

    assert (got.status, got.body) == (status, b'{"title":"mine"}')


# --- this machine and the network -------------------------------------------------------------------------------------


@pytest.fixture
def console(bench: Bench) -> Bench:
    """A gateway with a console for operators."""
    bench.gateway = replace(bench.gateway, operators=(Route("GET", "/console", pattern("/console")),))
    bench.engine = lambda _: httpx.Response(200, text="the console")
    return bench


def test_the_console_answers_this_machine(console: Bench) -> None:
    assert console.ask("GET", b"/console", {"Host": "127.0.0.1:8045"}).body == b"the console"


@pytest.mark.parametrize("host", ["192.0.2.2:8045", "127.0.0.1:8045", "localhost"])
def test_on_the_network_the_console_is_an_unknown_path(console: Bench, host: str) -> None:
    console.gateway = console.gateway.for_network()
    got = console.ask("GET", b"/console", {"Host": host, "X-Forwarded-For": "127.0.0.1"})

    assert (got.status, got.problem) == (404, NOT_FOUND)
    assert not console.reached


def test_on_the_network_a_person_who_asks_for_the_console_gets_the_page_for_an_unknown_path(console: Bench) -> None:
    console.gateway = console.gateway.for_network()
    console.ask("GET", b"/console", {"Host": "192.0.2.2:8045", "Accept": "text/html"})

    assert [request.extensions["target"] for request in console.reached] == [b"/_aws/execute-api/abc/local/-"]


def test_a_page_that_comes_under_a_name_of_its_own_does_not_see_the_console(console: Bench) -> None:
    assert console.ask("GET", b"/console", {"Host": "evil.example"}).problem == NOT_FOUND
    assert console.ask("GET", b"/console").problem == NOT_FOUND
    assert not console.reached


# --- compression ------------------------------------------------------------------------------------------------------

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def page(bench: Bench) -> Bench:
    """A stage that compresses from 1024 bytes on, and a page of that size."""
    bench.gateway = replace(bench.gateway, compress_from=1024)
    bench.engine = lambda _: httpx.Response(200, headers={"ETag": '"e"', "Vary": "Accept-Language"}, text="x" * 1024)
    return bench


def test_a_large_body_is_compressed_for_who_accepts_it(page: Bench) -> None:
    got = page.ask("GET", b"/", GZIP)

    assert gzip.decompress(got.body) == b"x" * 1024
    assert (got.headers["content-encoding"], got.headers["content-length"]) == ("gzip", str(len(got.body)))
    assert {each.strip() for each in got.headers["vary"].split(",")} == {"Accept-Language", "Accept-Encoding"}
    assert got.headers["etag"] == '"e"'


def test_who_does_not_ask_for_it_gets_it_plain_and_caches_hear_of_it(page: Bench) -> None:
    got = page.ask("GET", b"/")

    assert got.body == b"x" * 1024
    assert "content-encoding" not in got.headers
    assert "Accept-Encoding" in got.headers["vary"]


def test_a_small_body_stays_plain(page: Bench) -> None:
    page.engine = lambda _: httpx.Response(200, text="x" * 1023)

    assert page.ask("GET", b"/", GZIP).body == b"x" * 1023


def test_a_template_without_a_size_compresses_nothing(page: Bench) -> None:
    page.gateway = replace(page.gateway, compress_from=None)

    assert page.ask("GET", b"/", GZIP).body == b"x" * 1024


def test_an_unchanged_answer_keeps_its_empty_body(page: Bench) -> None:
    page.engine = lambda _: httpx.Response(304, headers={"ETag": '"e"'})
    got = page.ask("GET", b"/", GZIP)

    assert (got.status, got.body, "content-encoding" in got.headers) == (304, b"", False)


def test_hop_by_hop_headers_end_at_the_proxy(bench: Bench) -> None:
    bench.engine = lambda _: httpx.Response(
        200, headers={"Connection": "close", "Keep-Alive": "1", "ETag": "e"}, text="hi"
    )
    got = bench.ask("GET", b"/")

    assert got.headers["etag"] == "e"
    assert not {"connection", "keep-alive"} & got.headers.keys()
    assert got.headers["content-length"] == "2"


def test_an_id_that_the_engine_adds_and_api_gateway_does_not_ends_at_the_proxy(bench: Bench) -> None:
    bench.engine = lambda _: httpx.Response(200, headers={"X-Amzn-RequestId": "one", "X-Amz-Request-Id": "one"})
    got = bench.ask("GET", b"/")

    assert got.headers["x-amzn-requestid"] == "one"
    assert "x-amz-request-id" not in got.headers


def test_a_crowd_beyond_the_bounds_is_asked_to_come_back(bench: Bench) -> None:
    bench.limit = ConcurrencyLimit(1, queue=0)

    async def ask_while_full() -> Got:
        async with bench.limit.slot():
            return await bench.asking("GET", b"/", None, [])

    got = asyncio.run(ask_while_full())

    assert (got.status, got.problem["status"]) == (429, 429)
    assert got.headers["retry-after"].isdecimal()
    assert not bench.reached


def test_a_wish_never_waits_for_the_traces_that_a_hall_has_open(bench: Bench) -> None:
    waiting: list[str] = []

    async def engine(request: httpx.Request) -> httpx.Response:
        if request.extensions["target"].endswith(b"/trace"):
            waiting.append("trace")
            await asyncio.Event().wait()  # for X-Ray, which hangs
        return accepted(request)

    async def hall() -> int:
        ledger, transport = Ledger(bench.ledger), httpx.MockTransport(engine)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4566") as client:
            limits = RouteLimits(ConcurrencyLimit(8, queue=0))
            proxy = Proxy(client, "/_aws/execute-api/abc/local", bench.gateway, ledger, limits, BALLOTS)
            traces = [_ask(proxy, "GET", b"/wishes/w%d/trace" % n, {}, [], b"") for n in range(20)]
            receipts = [asyncio.create_task(each) for each in traces]
            while len(waiting) < 2:
                await asyncio.sleep(0)
            wish = await _ask(proxy, "POST", b"/wishes", {}, [b"{}"], b"")
            for each in receipts:
                each.cancel()
            await asyncio.gather(*receipts, return_exceptions=True)
            return wish.status

    assert asyncio.run(hall()) == 202
    assert len(waiting) == 2
