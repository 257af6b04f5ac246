"""One wish, one trace, on the real template: from the door through both queues to the store and the projector.

By the X-Ray SDK and by OpenTelemetry: nobody who reads a trace sees which.
"""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from lastwish.aws.clients import engine_client
from tests.support.accounts import sign_in
from tests.support.laptop import Laptop, Stack, start_detached, wait_until
from tests.support.swapped import swapped

NOT_THERE = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1cff"
# Each hop, and the hop that it stands below.
EDGES = {
    "API": None,
    "frontend": "API",
    "Inbox": "frontend",
    "parser": "Inbox",
    "Pods": "parser",
    "worker": "Pods",
    "EventStore": "worker",
    "projector": "worker",
}


@pytest.fixture(scope="module", params=["xray", "otel"])
def stack(request: pytest.FixtureRequest, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack that all tests share, and one whose bundles have OpenTelemetry in the place of the X-Ray SDK."""
    if request.param == "xray":
        yield stack
        return
    template = swapped(tmp_path_factory.mktemp("swapped")) / "template.yaml"
    laptop = Laptop(tmp_path_factory.mktemp("otel") / "home", {"LASTWISH_TEMPLATE": str(template)})
    yield start_detached(laptop)
    assert laptop.run("down").returncode == 0


@pytest.fixture
def http(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.url, timeout=30, trust_env=False) as client:
        yield client


def said(stack: Stack, *args: str) -> Any:
    done = stack.run(*args, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def edges(trace: dict[str, Any]) -> dict[str, str | None]:
    """Each hop and the nearest hop above it."""
    rows = {row["id"]: row for row in trace["segments"]}

    def above(row: dict[str, Any]) -> str | None:
        parent = rows.get(row["parent_id"])
        return None if parent is None else parent["hop"] or above(parent)

    return {row["hop"]: above(row) for row in rows.values() if row["hop"]}


@pytest.fixture(scope="module")
def wish(stack: Stack) -> Any:
    """A wish that `lastwish submit` has sent and seen boarded."""
    return said(stack, "submit", "hello", "--to", "mars")


def test_submit_and_trace_show_all_hops_in_one_waterfall(stack: Stack, wish: Any) -> None:
    trace = said(stack, "trace", wish["wish_id"], "--timeout", "60")
    assert (trace["trace_id"], trace["wish_id"]) == (wish["trace_id"], wish["wish_id"])
    assert trace["complete"]
    assert trace["hops"] == list(EDGES)


def test_each_hop_stands_below_the_one_that_caused_it(stack: Stack, wish: Any) -> None:
    assert edges(said(stack, "trace", wish["wish_id"], "--timeout", "60")) == EDGES


def test_for_people_it_is_a_table_with_a_line_per_hop(stack: Stack, wish: Any) -> None:
    done = stack.run("trace", wish["wish_id"], "--timeout", "60")
    first_words = [words[0] for line in done.stdout.splitlines() if (words := line.split())]
    assert [word for word in first_words if word in EDGES] == list(EDGES)
    assert "boarded" in done.stdout


def test_everybody_may_see_it_and_nothing_that_was_typed_or_identifies_a_request(
    http: httpx.Client, stack: Stack, wish: Any
) -> None:
    said(stack, "trace", wish["wish_id"], "--timeout", "60")
    answer = http.get(f"wishes/{wish['wish_id']}/trace")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=60")
    assert answer.json()["hops"] == list(EDGES)
    assert not [word for word in ("hello", "correlation", "request_id") if word in answer.text]


def test_a_wish_that_nobody_sent_is_a_plain_line_and_a_next_step(stack: Stack, http: httpx.Client) -> None:
    http.get(f"wishes/{NOT_THERE}")  # who asks for it makes traces about it, which are not its own
    done = stack.run("trace", NOT_THERE, "--timeout", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == f"lastwish: wish {NOT_THERE} is not stored, and no trace is about it"


@contextmanager
def held_back(stack: Stack, function: str) -> Iterator[None]:
    """A consumer takes nothing meanwhile."""
    functions = stack.aws("lambda")
    found = functions.list_event_source_mappings()["EventSourceMappings"]
    [mapping] = [each["UUID"] for each in found if function in each["FunctionArn"]]
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping, Enabled=True)


def batches(stack: Stack, wishes: list[str]) -> Counter[str]:
    """How many of these wishes the parser judged together, by the first of a batch."""
    events = stack.aws("logs").filter_log_events(
        logGroupName="/aws/cloudformation/lastwish-local/ParserLogs", filterPattern='"wish judged"'
    )["events"]
    lines = [json.loads(event["message"]) for event in events]
    return Counter(line["wish_ids"][0] for line in lines for wish_id in line["wish_ids"] if wish_id in wishes)


def test_a_wish_that_is_not_stored_yet_is_found_by_its_annotation(stack: Stack, http: httpx.Client) -> None:
    with held_back(stack, "Parser"):
        wish_id = http.post("wishes", json={"message": "Still waiting", "destination": "mars"}).json()["wish_id"]
        found = said(stack, "trace", wish_id, "--timeout", "5")
    assert (found["wish_id"], found["complete"]) == (wish_id, False)
    assert found["hops"] == ["API", "frontend"]


def test_ten_wishes_in_one_batch_have_a_trace_each(stack: Stack, http: httpx.Client) -> None:
    def send(number: int) -> str:
        answer = http.post("wishes", json={"message": f"Wish {number} of ten", "destination": "jupiter"})
        return str(answer.json()["wish_id"])

    with held_back(stack, "Parser"), ThreadPoolExecutor(10) as senders:
        wishes = list(senders.map(send, range(10)))
    traces = [said(stack, "trace", wish, "--timeout", "60") for wish in wishes]
    assert [trace["wish_id"] for trace in traces] == wishes
    assert [trace["complete"] for trace in traces] == [True] * 10
    assert [edges(trace) for trace in traces] == [EDGES] * 10
    assert len({trace["trace_id"] for trace in traces}) == 10
    ids = [row["id"] for trace in traces for row in trace["segments"]]
    assert len(set(ids)) == len(ids)
    assert max(batches(stack, wishes).values()) > 1


def test_a_message_that_is_buried_leaves_a_fault_in_its_trace(stack: Stack) -> None:
    sqs, trace_id = stack.aws("sqs"), f"1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    header = {"DataType": "String", "StringValue": f"Root={trace_id};Parent=53995c3f42cd8ad8;Sampled=1"}
    sqs.send_message(
        QueueUrl=stack.outputs["InboxUrl"], MessageBody="{}", MessageSystemAttributes={"AWSTraceHeader": header}
    )

    def faults() -> list[str]:
        found = engine_client("xray", stack.traces).batch_get_traces(TraceIds=[trace_id])["Traces"]
        documents = [json.loads(each["Document"]) for trace in found for each in trace["Segments"]]
        return [each["name"] for each in documents if each.get("fault")]

    try:
        assert wait_until(lambda: faults() == ["parser"])
    finally:
        sqs.purge_queue(QueueUrl=stack.outputs["InboxDlqUrl"])


def test_the_logs_of_a_wish_come_from_every_function_that_saw_it(stack: Stack, wish: Any) -> None:
    said(stack, "trace", wish["wish_id"], "--timeout", "60")

    def services() -> list[str]:
        lines = said(stack, "logs", wish["wish_id"])["lines"]
        assert all(line["facts"]["wish_id"] == wish["wish_id"] for line in lines)
        return sorted(line["service"] for line in lines)

    # By the clock the parser may be first: the frontend says so once SQS has acknowledged.
    assert wait_until(lambda: services() == ["frontend", "parser", "projector", "worker"])


def test_the_logs_around_a_moment_are_in_the_order_of_time(stack: Stack, wish: Any) -> None:
    lines = said(stack, "logs", "--around", "now", "±10m", "--grep", wish["wish_id"])["lines"]
    times = [line["time"] for line in lines]
    assert times
    assert times == sorted(times)


def test_mission_control_shows_nothing_of_another_stack(stack: Stack, http: httpx.Client, wish: Any) -> None:
    """Its name begins with this one's, and it has an alarm that is on, metrics and a slow trace."""
    other, cloudwatch, now = "lastwish-local-2", stack.aws("cloudwatch"), time.time()
    one = {"MetricName": "Submitted", "Dimensions": [{"Name": "service", "Value": "frontend"}], "Value": 70_000}
    cloudwatch.put_metric_data(Namespace=f"LastWish/{other}", MetricData=[one])
    cloudwatch.put_metric_alarm(
        AlarmName=f"{other}/tested", Namespace="Tested", MetricName="Nothing", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold",
    )  # fmt: skip
    trace_id = f"1-{int(now):08x}-{uuid.uuid4().hex[:24]}"
    ids = {"trace_id": trace_id, "id": uuid.uuid4().hex[:16], "annotations": {"wish_id": NOT_THERE}}
    slow = ids | {
        "name": f"{other}/local",
        "start_time": now - 9,
        "end_time": now,
        "http": {"request": {"method": "POST"}},
    }
    engine_client("xray", stack.traces).put_trace_segments(TraceSegmentDocuments=[json.dumps(slow)])
    token = {"Authorization": f"Bearer {sign_in(said(stack, 'status'))}"}

    seen = http.get("ops/mission", headers=token).json()
    assert seen["missing"] == []
    assert max(seen["series"]["accepted"]) < 70_000
    assert seen["alarms"]
    assert "tested" not in " ".join(alarm["name"] for alarm in seen["alarms"])
    assert trace_id not in [trace["trace_id"] for trace in seen["traces"]]
    assert http.get(f"ops/traces/{trace_id}", headers=token).status_code == 404
    assert stack.run("trace", NOT_THERE, "--timeout", "0").returncode == 1


def test_mission_control_reads_everything_on_the_local_engine(stack: Stack, http: httpx.Client, wish: Any) -> None:
    assert http.get("ops/mission").status_code == 401
    token = {"Authorization": f"Bearer {sign_in(said(stack, 'status'))}"}

    def boarded() -> bool:
        seen = http.get("ops/mission", headers=token).json()
        assert seen["missing"] == []
        assert [queue["dead"] is not None for queue in seen["queues"]] == [True] * 3
        assert all(slo["total"] is not None for slo in seen["slos"])
        return bool(seen["totals"]["boarded"] and seen["queues"][0]["oldest_s"] is not None)

    assert wait_until(boarded)
    found = http.get(f"ops/traces/{wish['trace_id']}", headers=token).json()
    assert found["hops"] == list(EDGES)
    assert http.get(f"ops/traces/{wish['trace_id']}").status_code == 401
