"""Log lines around a moment, as operators see them on the page."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from mission.logs import MOST_LINES
from tests.support import faults
from tests.support.functions import Invoke
from tests.support.http import body, operator_event
from tests.support.log_groups import LogGroups
from tests.support.samples import WISH_ID, sample

NOW = datetime.fromisoformat("2026-11-27T20:00:00+00:00")

type Ask = Callable[..., Any]


@pytest.fixture
def groups(mission: ModuleType) -> LogGroups:
    groups = LogGroups(NOW, suffix="Logs")
    for service in ("parser", "worker"):
        groups.create(f"{service}Logs")
    return groups


@pytest.fixture
def ask(mission: ModuleType, invoke: Invoke, groups: LogGroups) -> Ask:
    """Ask for lines around a moment, seconds from now; the answer."""

    def call(at: float = 0, **query: str) -> Any:
        given = {"around": (NOW + timedelta(seconds=at)).isoformat(), **query}
        return invoke(mission, operator_event("/ops/logs") | {"queryStringParameters": given})

    return call


def messages(answer: Any) -> list[str]:
    return [line["message"] for line in body(answer)["lines"]]


def test_lines_of_all_functions_are_there_with_three_seconds_around(ask: Ask, groups: LogGroups) -> None:
    for at, service in ((-4, "parser"), (1, "worker"), (-2, "parser"), (4, "worker")):
        groups.write(service, f"at {at}", at)
    answer = ask()
    assert messages(answer) == ["at -2", "at 1"]
    assert body(answer)["more"] is False
    assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]


def test_a_line_has_its_function_level_and_facts(ask: Ask, groups: LogGroups) -> None:
    facts = {"error": "StoreUnavailable", "stack": ["infra/event_store.py:56 in append"]}
    groups.write("worker", "record failed", 1, **facts)
    head = {"time": "2026-11-27T20:00:01.000+00:00", "service": "worker", "level": "INFO", "message": "record failed"}
    assert body(ask())["lines"] == [head | {"facts": facts}]


def test_span_function_and_wish_narrow_it_down(ask: Ask, groups: LogGroups) -> None:
    groups.write("parser", "judged", -1, wish_id=WISH_ID)
    groups.write("worker", "recorded", 1, wish_id=WISH_ID)
    groups.write("worker", "another", 1, wish_id="another")
    groups.write("worker", "late", 9, wish_id=WISH_ID)
    assert messages(ask(wish_id=WISH_ID)) == ["judged", "recorded"]
    assert messages(ask(service="worker", wish_id=WISH_ID)) == ["recorded"]
    assert messages(ask(at=9, span="0.5")) == ["late"]


def test_the_answer_is_bounded_and_says_so(ask: Ask, groups: LogGroups) -> None:
    for number in range(MOST_LINES + 1):
        groups.write("worker", f"{number}", 0)
    answer = ask()
    assert (len(messages(answer)), body(answer)["more"]) == (MOST_LINES, True)


@pytest.mark.parametrize("around", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_moment_in_which_nothing_can_have_been_logged_has_no_lines(ask: Ask, groups: LogGroups, around: str) -> None:
    groups.write("worker", "now")
    assert messages(ask(around=around)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("around", "noon"), ("around", "2026-11-27T20:00:00"), ("span", "0"), ("span", "61"), ("span", "nan"),
        ("service", "mission"), ("service", "../worker"), ("wish_id", 'a" OR "b'),
        ("wish_id", ""), ("around", ""), ("around", "0.5"), ("around", "1764273600"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_its_name_and_not_repeated(ask: Ask, name: str, value: str) -> None:
    answer = ask(**{name: value})
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["type"]) == (422, "urn:lastwish:problem:invalid-query")
    assert [error["field"] for error in problem["errors"]] == [name]
    assert not value or value not in answer["body"] or value in "0"


def test_only_operators_see_logs(mission: ModuleType, invoke: Invoke, groups: LogGroups) -> None:
    context = sample("console-without-role")["requestContext"]
    answer = invoke(mission, {**operator_event("/ops/logs"), "requestContext": context})
    assert answer["statusCode"] == 403


def test_logs_that_do_not_answer_are_503(ask: Ask, mission: ModuleType) -> None:
    faults.fails(mission.logs, "cloudwatch-logs.FilterLogEvents", "ThrottlingException")
    answer = ask()
    assert (answer["statusCode"], answer["multiValueHeaders"]["Retry-After"]) == (503, ["2"])
