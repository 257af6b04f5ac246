"""The hops of the map as mission control reads them: from a sample of the newest wishes' traces, and from alarms."""

import json
import time
from types import ModuleType
from typing import Any

import boto3
import pytest

from mission.map import MOST_WISHES
from tests.support import faults
from tests.support.functions import Invoke
from tests.support.mission_overview import alarm, answer_with, view
from tests.support.traces import CHAIN, START, Document, a_wish


def sent(number: int, ago: float = 3) -> dict[str, Any]:
    """Record a wish's whole trace, which began so many seconds ago. Return its summary."""
    began = time.time() - ago
    trace_id = f"1-{int(began):08x}-{number:024x}"
    documents = [json.dumps(moved(document, began - START) | {"trace_id": trace_id}) for document in a_wish()]
    boto3.client("xray").put_trace_segments(TraceSegmentDocuments=documents)
    return {"Id": trace_id}


def moved(document: Document, by: float) -> Document:
    times = {key: document[key] + by for key in ("start_time", "end_time")}
    return document | times | {"subsegments": [moved(each, by) for each in document.get("subsegments", ())]}


def test_each_hop_has_its_times_and_traces(mission: ModuleType, invoke: Invoke) -> None:
    answer_with(mission, [], [sent(1), sent(2)])
    found = view(mission, invoke)["hops"]
    assert [each["name"] for each in found] == CHAIN
    assert {each["seen"] for each in found} == {2}
    (worker,) = [each for each in found if each["name"] == "worker"]
    assert (worker["failed"], worker["p95_ms"], worker["within_ms"]) == (0, 200, 30_000)
    assert {each["trace_id"][-1] for each in worker["traces"]} == {"1", "2"}


def test_what_was_mended_some_minutes_ago_is_not_red_any_more(mission: ModuleType, invoke: Invoke) -> None:
    answer_with(mission, [], [sent(1, ago=200)])
    assert {each["seen"] for each in view(mission, invoke)["hops"]} == {0}


def test_of_many_wishes_a_sample_is_read_five_at_once(mission: ModuleType, invoke: Invoke) -> None:
    now = int(time.time())
    many = [{"Id": f"1-{now - number:08x}-{number:024x}"} for number in range(3 * MOST_WISHES)]
    answer_with(mission, [], many)
    asked: list[list[str]] = []
    mission.overview._xray.meta.events.register(
        "provide-client-params.xray.BatchGetTraces", lambda params, **_: asked.append(params["TraceIds"])
    )
    view(mission, invoke)
    assert [len(each) for each in asked] == [5] * (MOST_WISHES // 5)
    assert {trace_id for each in asked for trace_id in each} == {each["Id"] for each in many[::3]}


def test_without_the_traces_of_the_sample_only_the_map_is_missing(mission: ModuleType, invoke: Invoke) -> None:
    answer_with(mission, [], [sent(1)])
    faults.fails(mission.overview._xray, "xray.BatchGetTraces", "ThrottledException")
    found = view(mission, invoke)
    assert (found["hops"], found["missing"]) == (None, ["hops"])


@pytest.mark.parametrize(
    ("dimension", "hop"),
    [
        ({"Name": "FunctionName", "Value": "lastwish-local-WorkerFunction-7A"}, "worker"),
        ({"Name": "QueueName", "Value": "lastwish-local-PodsDlq-7A"}, "PodsDlq"),
        ({"Name": "CacheName", "Value": "elsewhere"}, None),
    ],
)
def test_an_alarm_names_its_hop(mission: ModuleType, invoke: Invoke, dimension: dict[str, str], hop: str) -> None:
    alarm("lastwish-local/hurts", "ALARM", Dimensions=[dimension])
    assert [each["hop"] for each in view(mission, invoke)["alarms"]] == [hop]
