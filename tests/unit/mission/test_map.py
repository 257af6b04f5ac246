"""The hops of the map, added up from traces, and the hop that each alarm is about."""

from typing import Any

import pytest

from mission.map import HOPS, hops, hops_of
from observability.alarms import ALARMS
from observability.burn import composites, signals
from tests.support.traces import CHAIN, START, TRACE, WISH, a_wish, drawn, segment

LONG_AGO = 0.0


def hop(name: str, *traces: dict[str, Any], since: float = LONG_AGO) -> dict[str, Any]:
    (found,) = [each for each in hops(traces, since) if each["name"] == name]
    return found


def waited(seconds: float, fault: bool = False) -> dict[str, Any]:
    """A trace whose worker took so long."""
    return drawn([segment(7, "worker", None, 0, seconds, fault=fault, annotations={"wish_id": WISH})])


def test_every_hop_of_a_wish_is_there_in_the_order_of_the_chain() -> None:
    found = hops([drawn(a_wish())], LONG_AGO)
    assert [each["name"] for each in found] == list(HOPS) == CHAIN
    assert {each["seen"] for each in found} == {1}
    assert hop("parser", drawn(a_wish()))["p50_ms"] == 100


def test_without_a_trace_nothing_is_known() -> None:
    assert {(each["seen"], each["failed"], each["p50_ms"], each["p95_ms"]) for each in hops([], LONG_AGO)} == {
        (0, 0, None, None)
    }


def test_percentiles_are_values_that_were_measured() -> None:
    found = hop("worker", *(waited(number / 10) for number in range(1, 21)))
    assert (found["seen"], found["p50_ms"], found["p95_ms"]) == (20, 1000, 1900)


def test_failures_are_counted_and_their_traces_come_first() -> None:
    found = hop("worker", *(waited(9) for _ in range(6)), waited(1, fault=True))
    assert (found["seen"], found["failed"]) == (7, 1)
    about = {"trace_id": TRACE, "wish_id": WISH, "started": "2020-03-08T02:58:06.000Z"}
    assert found["traces"][0] == {**about, "duration_ms": 1000, "fault": True}
    assert [each["duration_ms"] for each in found["traces"]] == [1000, 9000, 9000, 9000, 9000]


def test_what_ended_before_or_has_not_ended_does_not_count() -> None:
    old, open_one = waited(1, fault=True), drawn([segment(7, "worker", None, 0, None)])
    assert hop("worker", old, open_one, since=START + 2)["seen"] == 0
    assert hop("worker", old, open_one, since=START + 1)["failed"] == 1


# --- the hops of alarms -----------------------------------------------------------------------------------------------
def as_cloudwatch_has_it(alarm: Any) -> dict[str, Any]:
    """An alarm with names as CloudFormation gives them."""
    values = {
        name: value.replace("${", "lastwish-").replace("}", "-X1") for name, value in alarm.metric.dimensions.items()
    }
    dimensions = [{"Name": name, "Value": value.replace(".QueueName", "")} for name, value in values.items()]
    return {"AlarmName": f"lastwish/{alarm.name}", "MetricName": alarm.metric.name, "Dimensions": dimensions}


def known_alarms() -> dict[str, str | None]:
    rules = [
        {
            "AlarmName": f"lastwish/{each.name}",
            "AlarmRule": " AND ".join(f'ALARM("lastwish/{part}")' for part in each.parts),
        }
        for each in composites()
    ]
    return hops_of([*rules, *map(as_cloudwatch_has_it, (*ALARMS, *signals()))])


@pytest.mark.parametrize(
    ("alarm", "expected"),
    [
        ("store-refuses", "EventStore"),
        ("store-throttles", "EventStore"),
        ("inbox-refuses", "Inbox"),
        ("pods-refuses", "Pods"),
        ("inbox-backlog", "Inbox"),
        ("dead-letters-projector", "ProjectorDlq"),
        ("dead-letters-inbox", "InboxDlq"),
        ("worker-crashes", "worker"),
        ("parser-throttled", "parser"),
        ("credentials-refused-projector", "projector"),
        ("slo-post-availability-page", "API"),
        ("slo-boarding-ticket", "worker"),
        ("slo-freshness-page-long", "projector"),
    ],
)
def test_an_alarm_is_about_the_hop_of_its_metric(alarm: str, expected: str) -> None:
    assert known_alarms()[f"lastwish/{alarm}"] == expected


def test_every_alarm_but_that_of_the_seats_has_a_place_on_the_map() -> None:
    places = {*HOPS, "InboxDlq", "PodsDlq", "ProjectorDlq"}
    assert [name for name, place in known_alarms().items() if place not in places] == [
        "lastwish/hot-destination-throttles"
    ]
