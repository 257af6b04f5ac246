"""Tests of the overview from CloudWatch, SQS and X-Ray, also when one of them does not answer."""

import json
import threading
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest

from mission.slos import SLOS
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log, load
from tests.support.http import operator_event
from tests.support.mission_overview import NAMESPACE, alarm, answer_with, put, view
from tests.support.samples import WISH_ID, sample
from tests.support.traces import TRACE, refused_by, segment

QUEUES = {"Inbox", "InboxDlq", "Pods", "PodsDlq", "ProjectorDlq"}
PARTS = ["series", "totals", "queues", "slos", "alarms", "traces", "hops"]


@pytest.fixture(autouse=True)
def _summaries(mission: ModuleType) -> None:
    """moto knows no filter expressions; a test that wants traces says which."""
    answer_with(mission, [])


# --- the whole --------------------------------------------------------------------------------------------------------
def test_a_fresh_stack_has_an_overview(mission: ModuleType, invoke: Invoke) -> None:
    found = view(mission, invoke)
    assert found["missing"] == []
    assert {len(each) for each in found["series"].values()} == {30}
    assert set(found["series"]["requests"]) == {0}
    assert set(found["series"]["post_p95"]) == {None}
    assert set(found["totals"].values()) == {0}
    assert [each["budget_left"] for each in found["slos"]] == [1.0] * len(SLOS)
    assert (found["alarms"], found["traces"], found["xray_url"]) == ([], [], None)


def test_the_overview_is_not_cached(mission: ModuleType, invoke: Invoke) -> None:
    answer = invoke(mission, operator_event("/ops/mission"))
    assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]


def test_a_series_ends_with_the_current_minute(mission: ModuleType, invoke: Invoke) -> None:
    put("AWS/ApiGateway", "Count", [1, 1, 1], ApiName="lastwish-local", Stage="local")
    put(NAMESPACE, "Submitted", [2], timedelta(minutes=10), service="frontend")
    put(NAMESPACE, "Submitted", [99], service="somebody else")
    found = view(mission, invoke)
    assert found["series"]["requests"][-2:].count(3) == 1
    assert [n for n in found["series"]["accepted"] if n] == [2]
    assert found["series"]["accepted"].index(2) in (18, 19)
    assert datetime.fromisoformat(found["from"]).second == 0


def test_totals_are_those_of_a_day(mission: ModuleType, invoke: Invoke) -> None:
    put(NAMESPACE, "Rejected", [1, 1], timedelta(hours=20), service="parser")
    put(NAMESPACE, "Rejected", [1], timedelta(hours=1), service="parser")
    put(NAMESPACE, "Rejected", [1], timedelta(hours=30), service="parser")
    assert view(mission, invoke)["totals"]["rejected"] == 3


def test_only_metrics_of_this_stack_are_read(mission: ModuleType, invoke: Invoke) -> None:
    """moto heeds no namespace, so the requests are looked at."""
    asked: list[dict[str, Any]] = []
    mission.cloudwatch._client.meta.events.register(
        "provide-client-params.cloudwatch.GetMetricData",
        lambda params, **_: asked.extend(each["MetricStat"]["Metric"] for each in params["MetricDataQueries"]),
    )
    assert view(mission, invoke)["missing"] == []
    ours = [each for each in asked if not each["Namespace"].startswith("AWS/")]
    assert {each["Namespace"] for each in ours} == {NAMESPACE}
    dimensions = [{pair["Name"]: pair["Value"] for pair in each["Dimensions"]} for each in asked if each not in ours]
    assert {each.get("ApiName", each.get("QueueName")) for each in dimensions} == {"lastwish-local", *QUEUES}


def test_queues_have_the_counts_of_sqs(aws: Aws, mission: ModuleType, invoke: Invoke) -> None:
    for queue, messages in {"Inbox": 3, "PodsDlq": 1, "ProjectorDlq": 2}.items():
        for _ in range(messages):
            aws.sqs.send_message(QueueUrl=aws.urls[queue], MessageBody="?")
    aws.sqs.receive_message(QueueUrl=aws.urls["Inbox"])
    put("AWS/SQS", "ApproximateAgeOfOldestMessage", [42], QueueName="Inbox")
    assert view(mission, invoke)["queues"] == [
        {"name": "Inbox", "visible": 2, "in_flight": 1, "oldest_s": 42, "dead": 0},
        {"name": "Pods", "visible": 0, "in_flight": 0, "oldest_s": None, "dead": 1},
        {"name": "Projector", "visible": None, "in_flight": None, "oldest_s": None, "dead": 2},
    ]


def test_a_budget_is_reduced_by_bad_events(mission: ModuleType, invoke: Invoke) -> None:
    put(NAMESPACE, "Late", [0] * 200 + [1], timedelta(days=20), service="worker")
    put(NAMESPACE, "Late", [0] * 199, service="worker")
    (boarding,) = [each for each in view(mission, invoke)["slos"] if each["name"] == "boarding"]
    assert (boarding["bad"], boarding["total"], boarding["budget_left"]) == (1, 400, 0.75)
    assert (boarding["objective"], boarding["window_days"]) == (0.99, 28)


def test_dead_letters_of_all_queues_count(mission: ModuleType, invoke: Invoke) -> None:
    depth = "ApproximateNumberOfMessagesVisible"
    put("AWS/SQS", depth, [0, 1], QueueName="InboxDlq")
    put("AWS/SQS", depth, [0, 2], QueueName="ProjectorDlq")
    (loss,) = [each for each in view(mission, invoke)["slos"] if each["name"] == "zero-loss"]
    assert (loss["bad"], loss["budget_left"]) == (3, 0)


def test_dead_letters_that_were_redriven_or_parked_are_no_loss(mission: ModuleType, invoke: Invoke) -> None:
    depth = "ApproximateNumberOfMessagesVisible"
    put("AWS/SQS", depth, [7], timedelta(minutes=2), QueueName="InboxDlq")
    put("AWS/SQS", depth, [0], QueueName="InboxDlq")
    put("AWS/SQS", depth, [7], timedelta(days=1), QueueName="PodsDlq")
    (loss,) = [each for each in view(mission, invoke)["slos"] if each["name"] == "zero-loss"]
    assert (loss["bad"], loss["budget_left"]) == (0, 1)


# --- alarms -----------------------------------------------------------------------------------------------------------
def test_active_alarms_come_first_with_description_and_runbook(mission: ModuleType, invoke: Invoke) -> None:
    alarm("lastwish-local/a", "OK")
    words = "Wishes wait in the queue. Runbook: ./docs/runbooks/store-refuses.md"
    alarm("lastwish-local/store-refuses", "ALARM", AlarmDescription=words)
    alarm("lastwish-local/slo-boarding-page-1h", "ALARM", actions=False)
    for another in ("lastwish/b", "lastwish-local-2/c", "lastwish-local-d"):
        alarm(another, "ALARM")
    found = view(mission, invoke)["alarms"]
    names = [each["name"] for each in found]
    assert names == ["store-refuses", "slo-boarding-page-1h", "a"]
    assert [each["name"] for each in found if each["signal"]] == ["slo-boarding-page-1h"]
    assert found[0]["description"] == "Wishes wait in the queue."
    assert found[0]["runbook"] == "./docs/runbooks/store-refuses.md"
    assert (found[0]["state"], found[0]["reason"]) == ("ALARM", "the test says so")
    assert datetime.fromisoformat(found[0]["since"]) <= datetime.now(UTC)


# --- traces -----------------------------------------------------------------------------------------------------------
def a_summary(number: int, **more: Any) -> dict[str, Any]:
    return {"Id": f"1-5e645f{number:02x}-1dfad076a177c5ccc5de12f5", "Duration": 1.5, **more}


def annotation(text: str) -> list[dict[str, Any]]:
    return [{"AnnotationValue": {"StringValue": text}}]


def test_slow_and_failed_traces_come_newest_first(mission: ModuleType, invoke: Invoke) -> None:
    about = {"wish_id": annotation(WISH_ID)}
    old, new = a_summary(1, HasFault=True, Annotations=about), a_summary(2, HasThrottle=True)
    answer_with(mission, [old, new])
    found = view(mission, invoke)["traces"]
    assert [each["trace_id"] for each in found] == [new["Id"], old["Id"]]
    assert found[1] == {
        "trace_id": old["Id"],
        "wish_id": WISH_ID,
        "started": "2020-03-08T02:57:05.000Z",
        "duration_ms": 1500,
        "fault": True,
        "error": False,
        "throttled": False,
        "origin": None,  # X-Ray has no segment of it yet
    }
    assert (found[0]["wish_id"], found[0]["throttled"]) == (None, True)


def failed(number: int, error: str, at: float = 1.0) -> None:
    """X-Ray has a segment of a trace: the worker's, with an error."""
    raised = refused_by(error, "infra/event_store.py:56 in append")
    document = segment(number, "worker", None, 0, at, **raised) | {"trace_id": a_summary(number)["Id"]}
    boto3.client("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])


def test_each_trace_says_where_it_went_wrong_however_many_there_are(mission: ModuleType, invoke: Invoke) -> None:
    numbers = range(1, 13)  # X-Ray gives five at once
    for number in numbers:
        failed(number, f"Error{number}")
    answer_with(mission, [a_summary(number, HasFault=True) for number in reversed(numbers)])
    found = [each["origin"] for each in view(mission, invoke)["traces"]]
    assert [each["error"] for each in found] == [f"Error{number}" for number in reversed(numbers)]
    assert {(each["hop"], each["raised_at"]) for each in found} == {("worker", "infra/event_store.py:56 in append")}


def test_a_trace_is_read_again_only_once_it_has_grown(mission: ModuleType, invoke: Invoke) -> None:
    failed(1, "First")
    answer_with(mission, [a_summary(1, HasFault=True)])
    assert view(mission, invoke)["traces"][0]["origin"]["error"] == "First"
    failed(1, "Second", at=2.0)
    answer_with(mission, [a_summary(1, HasFault=True)])
    assert view(mission, invoke)["traces"][0]["origin"]["error"] == "First"
    answer_with(mission, [a_summary(1, HasFault=True, Duration=2.5)])
    assert view(mission, invoke)["traces"][0]["origin"]["error"] == "Second"


def test_without_their_segments_the_traces_cannot_be_shown(mission: ModuleType, invoke: Invoke) -> None:
    faults.fails(mission.xray, "xray.BatchGetTraces", "ThrottledException")
    answer_with(mission, [a_summary(1, HasFault=True)])
    assert view(mission, invoke)["missing"] == ["traces"]


def test_at_most_fifty_traces_are_shown_and_none_of_mission_control(mission: ModuleType, invoke: Invoke) -> None:
    own = {"Annotations": {"Service": annotation("mission")}}
    answer_with(mission, [a_summary(99, **own), *(a_summary(n, HasFault=True) for n in range(60))])
    found = view(mission, invoke)["traces"]
    assert len(found) == 50
    assert a_summary(99)["Id"] not in [each["trace_id"] for each in found]


def test_the_trace_of_an_early_receipt_is_not_shown(mission: ModuleType, invoke: Invoke) -> None:
    early: dict[str, Any] = {"HasError": True, "Http": {"HttpStatus": 404}}
    shown = [a_summary(1, **early, HasFault=True), a_summary(2, **early, ResponseTime=1.2)]
    answer_with(mission, [*shown, a_summary(3, HasError=True), a_summary(4, **early)])
    found = view(mission, invoke)["traces"]
    assert [each["trace_id"] for each in found] == [each["Id"] for each in reversed(shown)]


def test_the_trace_of_a_double_tap_is_not_shown_and_a_throttled_one_is(mission: ModuleType, invoke: Invoke) -> None:
    tapped: dict[str, Any] = {"HasError": True, "Http": {"HttpStatus": 202}}
    shown = [a_summary(1, **tapped, HasThrottle=True), a_summary(2, **tapped, ResponseTime=1.2)]
    answer_with(mission, [*shown, a_summary(3, **tapped)])
    found = view(mission, invoke)["traces"]
    assert [each["trace_id"] for each in found] == [each["Id"] for each in reversed(shown)]


def test_on_aws_the_overview_links_to_the_x_ray_console(
    aws: Aws, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGE", "prod")
    mission = load("mission")
    answer_with(mission, [])
    url = view(mission, invoke)["xray_url"]
    assert url == "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#xray:traces"


@pytest.mark.parametrize("path", ["/ops/mission", f"/ops/traces/{TRACE}"])
def test_only_operators_see_the_overview(mission: ModuleType, invoke: Invoke, path: str) -> None:
    context = sample("console-without-role")["requestContext"]
    answer = invoke(mission, {**operator_event(path), "requestContext": context})
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (403, "urn:lastwish:problem:forbidden")


# --- what does not answer ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("service", "operation", "missing"),
    [
        ("cloudwatch", "GetMetricData", ["series", "totals", "slos"]),
        ("cloudwatch", "DescribeAlarms", ["alarms"]),
        ("sqs", "GetQueueAttributes", ["queues"]),
        ("xray", "GetTraceSummaries", ["traces", "hops"]),
    ],
)
def test_a_part_that_cannot_be_read_is_null_and_named_and_the_rest_is_there(
    mission: ModuleType, invoke: Invoke, log: Log, service: str, operation: str, missing: list[str]
) -> None:
    clients = {"cloudwatch": mission.cloudwatch._client, "sqs": mission.overview._sqs, "xray": boto3.client("xray")}
    mission.overview._xray = clients["xray"] if service == "xray" else mission.overview._xray
    faults.fails(clients[service], f"{service}.{operation}", "ThrottlingException")
    seen = view(mission, invoke)
    assert seen["missing"] == missing
    told = [
        (line["part"], line["reason"]) for line in log.lines() if line.get("message") == "mission control cannot read"
    ]
    assert sorted(told) == sorted((part, "ThrottlingException") for part in missing)
    assert [name for name in PARTS if seen[name] is None] == missing


def test_no_part_waits_for_another(mission: ModuleType, invoke: Invoke) -> None:
    asked = threading.Event()
    xray = mission.overview._xray = boto3.client("xray")
    xray.meta.events.register("before-call.xray.GetTraceSummaries", lambda **_: asked.set())
    mission.cloudwatch._client.meta.events.register(
        "before-call.cloudwatch.GetMetricData", lambda **_: None if asked.wait(30) else pytest.fail("asked one by one")
    )
    view(mission, invoke)
    assert asked.is_set()


def test_expensive_parts_are_not_read_every_time(mission: ModuleType, invoke: Invoke) -> None:
    asked: list[int] = []
    mission.cloudwatch._client.meta.events.register(
        "provide-client-params.cloudwatch.GetMetricData",
        lambda params, **_: asked.append(len(params["MetricDataQueries"])),
    )
    first, second = view(mission, invoke), view(mission, invoke)
    assert (first["slos"], first["totals"]) == (second["slos"], second["totals"])
    assert len(asked) == 5  # both series, but totals, budgets and the dead letters once
