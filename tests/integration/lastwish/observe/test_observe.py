"""`lastwish trace` and `lastwish logs` against AWS as moto knows it, and what they say when it does not answer."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from lastwish.aws.clients import Endpoint, engine_client
from lastwish.errors import AwsError, NoSuchWish, NotAnswered, NoTrace
from lastwish.observe import logs, traces
from lastwish.site import site
from mission.log_search import Query
from tests.support import faults
from tests.support.log_groups import LogGroups
from tests.support.samples import WISH_ID
from tests.support.traces import CHAIN, TRACE, a_wish

API = "lastwish/prod"
CONSOLE = "https://x.console/#xray:traces"


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


# --- traces -----------------------------------------------------------------------------------------------------------
def fresh(documents: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The same documents in a trace of now: X-Ray keeps them for thirty days."""
    trace_id = f"1-{int(datetime.now(UTC).timestamp()):08x}{TRACE[10:]}"
    return trace_id, [each | {"trace_id": trace_id} for each in documents]


def api(answer: httpx.Response | Exception) -> httpx.Client:
    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.Client(base_url="https://api.test/", transport=httpx.MockTransport(respond))


def stored(trace_id: str | None) -> httpx.Client:
    return api(httpx.Response(200, json={"wish_id": WISH_ID, "trace_id": trace_id}))


def record(documents: list[dict[str, Any]]) -> None:
    boto3.client("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(each) for each in documents])


def searching(summaries: list[dict[str, Any]]) -> Any:
    """X-Ray's client, with what it finds by annotation, as often as it is asked; moto cannot."""
    client = boto3.client("xray")

    def find(params: dict[str, Any], **_: Any) -> tuple[httpx.Response, dict[str, Any]]:
        asked = json.loads(params["body"])["FilterExpression"]
        assert asked == f'(service("{API}")) AND (annotation.wish_id = "{WISH_ID}")'
        return httpx.Response(200), {"TraceSummaries": summaries}

    client.meta.events.register("before-call.xray.GetTraceSummaries", find)
    return client


@pytest.mark.parametrize(("stack", "stage"), [("lastwish", "dev"), ("lastwish-prod", "prod")])
def test_only_traces_of_the_stacks_own_api_are_searched(
    monkeypatch: pytest.MonkeyPatch, stack: str, stage: str
) -> None:
    client = boto3.client("cloudformation")
    outputs = [{"OutputKey": "ApiUrl", "OutputValue": f"https://a1.execute-api.us-east-1.amazonaws.com/{stage}/"}]
    described = {"StackName": stack, "CreationTime": 0, "StackStatus": "CREATE_COMPLETE", "Outputs": outputs}
    stub = Stubber(client)
    stub.add_response("describe_stacks", {"Stacks": [described]}, {"StackName": stack})
    stub.activate()
    monkeypatch.setattr(
        "lastwish.site.aws_client", lambda service: {"cloudformation": client}.get(service, boto3.client("xray"))
    )
    with (source := traces.source(site(stack))).http:
        assert source.service == f"{stack}/{stage}"


def test_a_stored_wish_has_the_trace_that_the_api_says() -> None:
    trace_id, documents = fresh(a_wish())
    record(documents)
    found = traces.wait_for(traces.Source(stored(trace_id), boto3.client("xray"), API, CONSOLE), WISH_ID, 0)
    assert (found["trace_id"], found["hops"], found["complete"]) == (trace_id, CHAIN, True)
    assert found["xray_url"] == f"{CONSOLE}/{trace_id}"
    assert {"id", "parent_id", "name", "start", "end"} <= set(found["segments"][0])


def test_a_wish_on_its_way_is_found_by_its_annotation_and_shown_as_far_as_it_is() -> None:
    trace_id, documents = fresh(a_wish()[:3])
    record(documents)
    asked = {"Id": f"1-00000001{TRACE[10:]}", "Http": {"HttpMethod": "GET"}}
    again = {"Id": f"1-7fffffff{TRACE[10:]}", "Http": {"HttpMethod": "POST"}}
    xray = searching([again, asked, {"Id": trace_id, "Http": {"HttpMethod": "POST"}}])
    found = traces.wait_for(traces.Source(api(httpx.Response(404)), xray, API), WISH_ID, 0)
    assert (found["trace_id"], found["complete"], found["xray_url"]) == (trace_id, False, None)


def test_it_waits_for_what_is_still_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    trace_id, documents = fresh(a_wish())
    record(documents[:-1])
    monkeypatch.setattr(traces.time, "sleep", lambda _: record(documents[-1:]))
    found = traces.wait_for(traces.Source(stored(trace_id), boto3.client("xray"), API), WISH_ID, 10)
    assert found["complete"]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (httpx.Response(404), NoSuchWish, "is not stored, and no trace is about it"),
        (httpx.Response(503), NoSuchWish, "no trace is about it"),
        (httpx.Response(403), NotAnswered, "answered 403"),
        (httpx.ConnectError("refused"), NotAnswered, "does not answer"),
        (httpx.Response(200, json={"trace_id": None}), NoTrace, "stored without a trace"),
        (httpx.Response(200, json={"trace_id": TRACE}), NoTrace, "has expired"),
        (httpx.Response(200, json={"trace_id": fresh([])[0]}), NoTrace, "not sampled"),
    ],
)
def test_where_there_is_no_trace_it_says_why(
    answer: httpx.Response | Exception, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        traces.wait_for(traces.Source(api(answer), searching([]), API, CONSOLE), WISH_ID, 0)


def test_a_store_that_is_away_does_not_hide_the_trace() -> None:
    trace_id, documents = fresh(a_wish())
    record(documents)
    xray = searching([{"Id": trace_id, "Http": {"HttpMethod": "POST"}}])
    assert traces.wait_for(traces.Source(api(httpx.Response(503)), xray, API), WISH_ID, 0)["hops"] == CHAIN


def test_on_the_laptop_the_agent_may_have_forgotten() -> None:
    with pytest.raises(NoTrace, match="keeps only the newest"):
        traces.wait_for(traces.Source(stored(fresh([])[0]), boto3.client("xray"), API), WISH_ID, 0)


def test_x_ray_that_refuses_is_a_plain_error() -> None:
    xray = boto3.client("xray")
    faults.fails(xray, "xray.BatchGetTraces", "ThrottledException")
    with pytest.raises(AwsError, match="ThrottledException"):
        traces.wait_for(traces.Source(stored(TRACE), xray, API), WISH_ID, 0)


def test_an_agent_that_died_is_a_plain_error() -> None:
    nobody = engine_client("xray", Endpoint("http://127.0.0.1:9", "LWKEY"))
    with pytest.raises(AwsError, match="does not answer"):
        traces.wait_for(traces.Source(stored(TRACE), nobody, API), WISH_ID, 0)


# --- logs -------------------------------------------------------------------------------------------------------------
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)


@pytest.fixture
def write() -> Callable[..., None]:
    return LogGroups(NOW).write


def search(wanted: Query, *services: str) -> tuple[list[str], bool]:
    source = logs.Source(boto3.client("logs"), {each: each for each in services})
    lines, more = logs.search(source, wanted)
    return [f"{line.service}: {line.message}" for line in lines], more


def around(seconds: float = 3, **more: Any) -> Query:
    return Query(start=NOW - timedelta(seconds=seconds), end=NOW + timedelta(seconds=seconds), **more)


def test_lines_of_all_functions_come_in_the_order_of_their_own_time(write: Callable[..., None]) -> None:
    write("worker", "third", 1)
    write("frontend", "first", -1)
    write("worker", "second", 0, came=5)  # as the local engine dates it: when the invocation was over
    write("frontend", "fourth", 2)
    expected = ["frontend: first", "worker: second", "worker: third", "frontend: fourth"]
    assert search(around(), "frontend", "worker") == (expected, False)


def test_around_a_moment_is_around_it(write: Callable[..., None]) -> None:
    for at in (-4, -3, 0, 3, 4):
        write("parser", f"at {at}", at)
    assert search(around(), "parser")[0] == ["parser: at -3", "parser: at 0", "parser: at 3"]


def test_a_wish_is_found_in_every_group(write: Callable[..., None]) -> None:
    write("parser", "wish judged", 0, wish_id=WISH_ID)
    write("parser", "another", 0, wish_id="another")
    write("worker", "wish recorded", 1, wish_id=WISH_ID)
    write("projector", "nothing of it", 1)
    found = search(Query(wish_id=WISH_ID), "projector", "worker", "parser")
    assert found == (["parser: wish judged", "worker: wish recorded"], False)


def test_a_line_about_a_batch_is_shown_as_about_the_wish_that_is_looked_for(write: Callable[..., None]) -> None:
    write("worker", "wish recorded", 0, wish_ids=["another", WISH_ID], outcome="boarded")
    source = logs.Source(boto3.client("logs"), {"worker": "worker"})
    [line] = logs.search(source, Query(wish_id=WISH_ID))[0]
    assert line.facts == {"wish_id": WISH_ID, "outcome": "boarded"}


def test_grep_looks_at_the_whole_line_in_any_case(write: Callable[..., None]) -> None:
    write("worker", "record failed", 0, error="StoreUnavailable")
    write("worker", "wish recorded", 1)
    assert search(around(text="ERROR"), "worker")[0] == ["worker: record failed"]


def test_what_lambda_writes_is_there_on_demand(write: Callable[..., None]) -> None:
    write("worker", "START RequestId: 1")
    write("worker", "wish recorded", 1)
    assert search(around(), "worker")[0] == ["worker: wish recorded"]
    assert search(around(everything=True), "worker")[0] == ["worker: START RequestId: 1", "worker: wish recorded"]


def test_it_never_shows_more_than_the_limit_and_says_so(write: Callable[..., None]) -> None:
    for n in range(4):
        write("worker", str(n), n / 10)
        write("parser", str(n), n / 10 + 0.01)
    assert search(around(limit=3), "worker", "parser") == (["worker: 0", "parser: 0", "worker: 1"], True)
    assert search(around(limit=8), "worker", "parser")[1] is False


def test_of_what_was_not_read_to_the_end_there_may_be_more(write: Callable[..., None]) -> None:
    for n in range(4):
        write("worker", str(n), n / 10)
    assert search(around(most_read=2), "worker") == (["worker: 0", "worker: 1"], True)
    assert search(around(most_read=4), "worker")[1] is False


def test_a_log_group_that_is_not_there_is_a_plain_error() -> None:
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        search(around(), "gone")


def resources(*names: tuple[str, str]) -> list[dict[str, Any]]:
    kinds = {"group": "AWS::Logs::LogGroup", "function": "AWS::Lambda::Function", "queue": "AWS::SQS::Queue"}
    more = {"LastUpdatedTimestamp": NOW, "ResourceStatus": "CREATE_COMPLETE"}
    return [
        {"LogicalResourceId": n, "PhysicalResourceId": f"its-{n}", "ResourceType": kinds[k], **more} for n, k in names
    ]


def stack_of(monkeypatch: pytest.MonkeyPatch, *pages: list[dict[str, Any]]) -> Stubber:
    client = boto3.client("cloudformation")
    stub = Stubber(client)
    for number, page in enumerate(pages):
        token = {"NextToken": "more"} if number < len(pages) - 1 else {}
        asked = {"StackName": "lastwish-prod"} | ({"NextToken": ANY} if number else {})
        stub.add_response("list_stack_resources", {"StackResourceSummaries": page, **token}, asked)
    stub.activate()
    monkeypatch.setattr(
        "lastwish.site.aws_client", lambda name: client if name == "cloudformation" else boto3.client(name)
    )
    return stub


def test_the_groups_are_those_of_the_functions_however_many_resources_a_stack_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = resources(("WorkerFunction", "function"), ("Inbox", "queue"), ("AccessLogs", "group"))
    second = resources(("WorkerLogs", "group"), ("ParserLogs", "group"), ("ParserFunction", "function"))
    stack_of(monkeypatch, first, second)
    assert logs.source(site("lastwish-prod")).groups == {"worker": "its-WorkerLogs", "parser": "its-ParserLogs"}


def test_a_stack_of_somebody_else_is_a_plain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    stack_of(monkeypatch, resources(("Inbox", "queue")))
    with pytest.raises(AwsError, match="no functions with a log group"):
        logs.source(site("lastwish-prod"))


def test_a_stack_that_is_not_there_is_a_plain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto3.client("cloudformation")
    monkeypatch.setattr("lastwish.site.aws_client", lambda _: client)
    faults.fails(client, "cloudformation.ListStackResources", "ValidationError")
    with pytest.raises(AwsError, match="ValidationError"):
        logs.source(site("lastwish-nowhere"))
