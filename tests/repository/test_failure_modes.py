"""Check that each failure mode has a signal, an alarm and a drill, and each alarm a mode."""

import ast
import re
from functools import cache
from itertools import chain

import pytest

from infra import queues
from mission.slos import SLOS
from observability.failures import CATALOGUE, FailureMode, Rating, by_risk, mode_of, runbook_of, table
from tests.support import ROOT, template
from tests.support.emitted import SRC, emitted_by

AWS_METRICS = {
    "AWS/ApiGateway": {"4XXError", "5XXError", "Count", "Latency"},
    "AWS/DynamoDB": {"WriteThrottleEvents"},
    "AWS/Lambda": {"Duration", "Errors", "Throttles"},
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesVisible",
    },
}
# Texts that Lambda writes into logs, or classes of errors, which describe() names.
OTHER_WORDS = {"Init Duration", "Task timed out", "Traceback", "StoreUnavailable", "QueueUnavailable"}

each_mode = pytest.mark.parametrize("mode", CATALOGUE, ids=lambda mode: mode.name)


@cache
def alarms_of_template() -> frozenset[str]:
    """Return the names of all alarms, without the stack's name."""
    nested = template.load(template.OBSERVABILITY)
    alarms = chain.from_iterable(
        template.resources(f"AWS::CloudWatch::{kind}", nested).values() for kind in ("Alarm", "CompositeAlarm")
    )
    names = (alarm["Properties"]["AlarmName"]["Fn::Sub"] for alarm in alarms)
    return frozenset(name.removeprefix("${MainStack}/") for name in names)


@cache
def strings_of_source() -> frozenset[str]:
    """Return every string in src/."""
    nodes = chain.from_iterable(ast.walk(ast.parse(path.read_text())) for path in SRC.rglob("*.py"))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


@pytest.mark.parametrize(
    ("name", "risk"), [("business-failure", 1000), ("pages-slow", 900), ("latency-between-services", 800)]
)
def test_the_three_of_the_original_talk_have_its_numbers(name: str, risk: int) -> None:
    [mode] = [mode for mode in CATALOGUE if mode.name == name]
    assert mode.risk == mode.severity * mode.occurrence * mode.detection == risk


def test_no_name_stands_twice() -> None:
    assert len({mode.name for mode in CATALOGUE}) == len(CATALOGUE) >= 15


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 11, 1), (1, 1, -1)])
def test_a_number_off_the_scale_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="off the scale"):
        Rating(*numbers)


@each_mode
def test_countermeasures_make_no_number_worse(mode: FailureMode) -> None:
    before, after = mode.before, mode.after
    assert 1 <= after.risk < before.risk <= 1000
    assert after.severity <= before.severity
    assert after.occurrence <= before.occurrence
    assert after.detection <= before.detection


@each_mode
def test_a_mode_has_every_field(mode: FailureMode) -> None:
    assert all((mode.title, mode.audience_sees, mode.causes, mode.metrics, mode.log, mode.trace, mode.response))
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", mode.drill)
    assert mode.slo is None or mode.slo in {slo.name for slo in SLOS}


@each_mode
def test_a_modes_metrics_are_emitted(mode: FailureMode) -> None:
    for who, name in (metric.split(" ") for metric in mode.metrics):
        assert name in (AWS_METRICS[who] if who in AWS_METRICS else emitted_by(who)), f"{who} {name}"


@each_mode
def test_the_text_to_grep_for_is_one_that_our_code_or_aws_logs(mode: FailureMode) -> None:
    assert mode.log in strings_of_source() | OTHER_WORDS


@each_mode
def test_a_mode_raises_alarms_that_exist(mode: FailureMode) -> None:
    raised = {*mode.alarms, *mode.related_alarms}
    assert raised
    assert raised <= alarms_of_template()


def test_every_alarm_of_the_template_has_one_mode_and_its_runbook() -> None:
    owners = [name for mode in CATALOGUE for name in mode.alarms]
    assert len(owners) == len(set(owners))
    for alarm in alarms_of_template():
        assert (ROOT / runbook_of(alarm)).is_file()


def test_the_parts_of_a_burn_rate_alarm_share_its_runbook() -> None:
    assert runbook_of("slo-boarding-page-long") == runbook_of("slo-boarding-page")


def test_an_alarm_that_no_mode_names_is_an_error() -> None:
    with pytest.raises(KeyError):
        mode_of("store-refuses-more")


def test_the_page_has_the_table_and_the_five_worst_modes() -> None:
    page = (ROOT / "docs/failure-modes.md").read_text()
    assert table() in page
    assert re.findall(r"^### (.+)$", page, flags=re.MULTILINE) == [mode.title for mode in by_risk()[:5]]


@pytest.mark.parametrize(("minutes", "percent"), [(2, 0), (5, 16), (10, 57)])
def test_an_outage_costs_as_many_wishes_their_last_try_as_the_runbook_says(minutes: int, percent: int) -> None:
    receives = template.load()["Resources"]["Pods"]["Properties"]["RedrivePolicy"]["maxReceiveCount"]
    longest = [min(4**n, queues.LONGEST_DELAY) for n in range(1, receives)]
    spent = {0: 1.0}  # seconds from the first to the last try: probability
    for pause in longest:
        later: dict[int, float] = {}
        for seconds, likely in spent.items():
            for more in range(pause // 2, pause + 1):
                later[seconds + more] = later.get(seconds + more, 0) + likely / (pause - pause // 2 + 1)
        spent = later
    outage = minutes * 60  # wishes come evenly
    lost = sum(likely * max(0, outage - seconds) / outage for seconds, likely in spent.items())
    assert round(100 * lost) == percent
