"""observability.yaml: up to date, complete, and about nothing that no function emits."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mission.slos import NAMESPACE, SLOS
from observability import generate
from observability.failures import CATALOGUE, runbook_of
from observability.metrics import COLD_START, EMITTED, PROBLEMS, REASONS
from observability.queries import QUERIES
from tests.support.emitted import SRC, emitted_by, names
from tests.support.template import OBSERVABILITY, load, resources
from tests.support.texts import every_text
from web.error_handlers import NOT_REFUSED

type Template = dict[str, Any]

ALARMS = resources("AWS::CloudWatch::Alarm", load(OBSERVABILITY))
COMPOSITES = resources("AWS::CloudWatch::CompositeAlarm", load(OBSERVABILITY))
SIGNAL = re.compile(r"slo-.*-(long|short|enough)")
RUNBOOK = re.compile(r"\. Runbook: \$\{RunbooksUrl\}([a-z-]+)\.md$")

# What AWS emits by itself with just these dimensions.
_QUEUE, _FUNCTION, _TABLE, _STAGE = {"QueueName"}, {"FunctionName"}, {"TableName"}, {"ApiName", "Stage"}
OF_AWS: dict[str, tuple[set[str], list[set[str]]]] = {
    "AWS/SQS": (
        {
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateAgeOfOldestMessage",
        },
        [_QUEUE],
    ),
    "AWS/Lambda": ({"Invocations", "Errors", "Throttles", "Duration", "IteratorAge"}, [_FUNCTION]),
    "AWS/DynamoDB": ({"ConsumedWriteCapacityUnits", "WriteThrottleEvents"}, [_TABLE]),
    "AWS/ApiGateway": ({"Count", "4XXError", "5XXError", "Latency"}, [_STAGE, _STAGE | {"Method", "Resource"}]),
}


@dataclass(frozen=True)
class Used:
    """A metric that an alarm, the dashboard or an objective uses."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


def name_of(alarm: dict[str, Any]) -> str:
    """Return an alarm's name without the main stack's."""
    return str(alarm["Properties"]["AlarmName"]["Fn::Sub"]).removeprefix("${MainStack}/")


def dashboard(template: Template) -> list[dict[str, Any]]:
    """Return the widgets, with X for each value that CloudFormation fills in."""
    (board,) = resources("AWS::CloudWatch::Dashboard", template).values()
    widgets: list[dict[str, Any]] = json.loads(text_of(board["Properties"]["DashboardBody"]))["widgets"]
    return widgets


def used(template: Template) -> Iterator[Used]:
    """Yield all metrics that something in the template or an objective uses."""
    for alarm in resources("AWS::CloudWatch::Alarm", template).values():
        properties = alarm["Properties"]
        dimensions = tuple((each["Name"], str(each["Value"])) for each in properties["Dimensions"])
        yield Used(text_of(properties["Namespace"]), properties["MetricName"], dimensions)
    for widget in dashboard(template):
        yield from (found for line in widget["properties"].get("metrics", []) for found in of_line(line))
    for slo in SLOS:
        yield from (Used(text_of(each.namespace), each.name, tuple(each.dimensions.items())) for each in slo.metrics)


def text_of(value: Any) -> str:
    """Return a text or what Fn::Sub gives, with X for each value that CloudFormation fills in."""
    return re.sub(r"\$\{[^}]+\}", "X", value["Fn::Sub"] if isinstance(value, dict) else value)


def of_line(line: list[Any]) -> Iterator[Used]:
    """Yield the metric in a line of a chart. Metric math has none: it uses other lines."""
    if isinstance(line[0], str):
        words = line[:-1] if isinstance(line[-1], dict) else line
        yield Used(words[0], words[1], tuple(zip(words[2::2], words[3::2], strict=True)))


def is_emitted(metric: Used) -> bool:
    """Return whether one of our functions emits it, by what stands in its code, or AWS."""
    dimensions = dict(metric.dimensions)
    if metric.namespace != text_of(NAMESPACE):
        known, sets = OF_AWS.get(metric.namespace, (set(), []))
        return metric.name in known and set(dimensions) in sets
    emitted = next((each for each in (*EMITTED, COLD_START) if each.name == metric.name), None)
    service = dimensions.pop("service", "")
    if not emitted or service not in emitted.services or metric.name not in emitted_by(service):
        return False
    return all(name == emitted.by and value in (emitted.values or [value]) for name, value in dimensions.items())


def test_the_generated_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().err


def test_a_change_by_hand_is_found(tmp_path: Path) -> None:
    for part in generate.PARTS:
        (tmp_path / part.file).parent.mkdir(exist_ok=True)
        (tmp_path / part.file).write_text((generate.ROOT / part.file).read_text())
    page = tmp_path / "docs" / "slo.md"
    page.write_text(page.read_text().replace("99.9 %", "99.99 %"))
    assert page.read_text() != (generate.ROOT / "docs" / "slo.md").read_text()
    renewed = generate.renewed(tmp_path)
    assert renewed[page] == (generate.ROOT / "docs" / "slo.md").read_text()
    assert renewed[tmp_path / OBSERVABILITY.name] == OBSERVABILITY.read_text()


def test_a_template_that_is_changed_by_hand_or_missing_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / OBSERVABILITY.name
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "renewed", lambda: {written: OBSERVABILITY.read_text()})
    assert generate.main(["--check"]) == 1
    assert not written.exists()
    assert generate.main([]) == 0
    assert written.read_text() == OBSERVABILITY.read_text()
    written.write_text(written.read_text().replace("Threshold: 0.72", "Threshold: 0.9"))
    assert generate.main(["--check"]) == 1
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_generating_twice_changes_nothing() -> None:
    for part in generate.PARTS:
        text = (generate.ROOT / part.file).read_text()
        assert part.renewed(part.renewed(text)) == part.renewed(text)


def test_a_lost_marker_is_an_error() -> None:
    with pytest.raises(ValueError, match="once each"):
        generate.PARTS[0].renewed("# A page\n")


def test_functions_emit_into_the_namespace_of_their_stack_which_alarms_and_objectives_read() -> None:
    emitted = load()["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    assert emitted == {"Fn::Sub": NAMESPACE}
    read = {str(alarm["Properties"]["Namespace"]) for alarm in ALARMS.values()}
    assert {each for each in read if "LastWish" in each} == {str({"Fn::Sub": "LastWish/${MainStack}"})}


@pytest.mark.parametrize("metric", sorted(set(used(load(OBSERVABILITY))), key=str), ids=str)
def test_every_metric_is_emitted(metric: Used) -> None:
    assert is_emitted(metric)


WORKERS = "Dimensions: [{ Name: service, Value: worker }]"
WRONG = {
    "a name": (f"MetricName: StoreRefused, {WORKERS}", f"MetricName: StoreRefuzed, {WORKERS}"),
    "a function": (
        f"MetricName: Waitlisted, {WORKERS}",
        f"MetricName: Waitlisted, {WORKERS.replace('worker', 'parser')}",
    ),
    "a dimension": (
        '["LastWish/${MainStack}", "Boarded", "service"',
        '["LastWish/${MainStack}", "Boarded", "destination"',
    ),
    "a second dimension": (
        '["LastWish/${MainStack}", "Rejected", "reason"',
        '["LastWish/${MainStack}", "Rejected", "problem"',
    ),
    "a value of it": ('"reason", "only-links"', '"reason", "only-words"'),
    "a start of another function": (
        '["LastWish/${MainStack}", "ColdStart", "function_name"',
        '["LastWish/${MainStack}", "Boarded", "function_name"',
    ),
    "one of AWS's": ('["AWS/Lambda", "IteratorAge"', '["AWS/Lambda", "StreamAge"'),
}


@pytest.mark.parametrize(("right", "wrong"), WRONG.values(), ids=WRONG)
def test_a_wrong_metric_is_noticed(right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = OBSERVABILITY.read_text()
    assert right in text
    monkeypatch.setattr("tests.support.template._text", lambda file: text.replace(right, wrong))
    assert not all(map(is_emitted, used(load(OBSERVABILITY))))


def test_a_metric_that_the_code_stops_emitting_is_noticed() -> None:
    source = 'kind = "SlowCall" if late else "SlowPage"\ncount(kind)\ncount("Here" if ok else "There")\n'
    assert names(source) == {"SlowCall", "SlowPage", "Here", "There"}
    assert names(source.replace("count(kind)", "print(kind)")) == {"Here", "There"}


def test_exactly_the_emitted_metrics_are_described() -> None:
    emitted = {name for path in SRC.rglob("*.py") for name in names(path.read_text())}
    assert emitted == {each.name for each in EMITTED}


@pytest.mark.parametrize("metric", EMITTED, ids=lambda metric: metric.name)
def test_a_described_metric_is_emitted_by_each_of_its_functions(metric: Any) -> None:
    assert all(metric.name in emitted_by(service) for service in metric.services)


def test_the_values_of_dimensions_are_those_of_the_code() -> None:
    problems = (SRC / "web" / "problems.py").read_text()
    kinds = set(re.findall(r'Problem\(\s*HTTPStatus\.\w+,\s*"([a-z-]+)"', problems)) | set(
        re.findall(r'kind="([a-z-]+)"', problems)
    )
    assert kinds - {"unavailable", "internal", *NOT_REFUSED} == set(PROBLEMS)  # those two have counters of their own
    assert set(re.findall(r'WishRejected\(reason="([a-z-]+)"', (SRC / "domain" / "rules.py").read_text())) == set(
        REASONS
    )


@pytest.mark.parametrize("alarm", [*ALARMS.values(), *COMPOSITES.values()], ids=name_of)
def test_an_alarm_names_its_runbook_and_notifies_unless_it_is_a_signal(alarm: dict[str, Any]) -> None:
    name, properties = name_of(alarm), alarm["Properties"]
    runbook = RUNBOOK.search(properties["AlarmDescription"]["Fn::Sub"])
    assert runbook
    assert f"docs/runbooks/{runbook[1]}.md" == runbook_of(name)
    assert ("AlarmActions" in properties) != bool(SIGNAL.fullmatch(name))
    assert properties.get("AlarmActions", [{"Ref": "Alarms"}]) == [{"Ref": "Alarms"}]


def test_every_alarm_that_notifies_has_its_symptom_in_japanese() -> None:
    names = {name_of(alarm) for alarm in [*ALARMS.values(), *COMPOSITES.values()]}
    symptoms = every_text("ja")["mission"]["symptoms"]
    assert set(symptoms) == {name for name in names if not SIGNAL.fullmatch(name)}
    assert every_text("en")["mission"]["symptoms"] == {}  # the alarm's description is its English text


@pytest.mark.parametrize("alarm", ALARMS.values(), ids=name_of)
def test_missing_data_does_not_breach(alarm: dict[str, Any]) -> None:
    assert alarm["Properties"]["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("alarm", ALARMS.values(), ids=name_of)
def test_cloudwatch_accepts_the_window(alarm: dict[str, Any]) -> None:
    period, periods = alarm["Properties"]["Period"], alarm["Properties"]["EvaluationPeriods"]
    assert period % 60 == 0
    assert period * periods <= 86400


def test_the_throttles_of_each_consumer_of_a_queue_raise_an_alarm() -> None:
    """Five throttled deliveries take a message to the dead-letter queue, and the function never runs."""
    functions = resources("AWS::Serverless::Function").items()
    consumers = {
        name for name, each in functions if "SQS" in {e["Type"] for e in each["Properties"]["Events"].values()}
    }
    watched = {
        dimension["Value"]["Ref"] if "Ref" in dimension["Value"] else dimension["Value"]["Fn::Sub"][2:-1]
        for each in ALARMS.values()
        if (each["Properties"]["Namespace"], each["Properties"]["MetricName"]) == ("AWS/Lambda", "Throttles")
        for dimension in each["Properties"]["Dimensions"]
    }
    assert consumers
    assert watched == consumers


@pytest.mark.parametrize("alarm", COMPOSITES.values(), ids=name_of)
def test_a_burn_rate_alarm_is_made_of_its_own_three_signals(alarm: dict[str, Any]) -> None:
    parts = re.findall(r'ALARM\("\$\{(\w+)\}"\)', alarm["Properties"]["AlarmRule"]["Fn::Sub"])
    assert [name_of(ALARMS[part]) for part in parts] == [
        f"{name_of(alarm)}-{word}" for word in ("long", "short", "enough")
    ]


def test_every_signal_is_part_of_an_alarm() -> None:
    rules = " ".join(alarm["Properties"]["AlarmRule"]["Fn::Sub"] for alarm in COMPOSITES.values())
    assert all(f"{{{key}}}" in rules for key, alarm in ALARMS.items() if SIGNAL.fullmatch(name_of(alarm)))


def test_types_that_the_laptop_lacks_are_for_aws_only() -> None:
    kinds = (
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::Logs::QueryDefinition",
        "AWS::XRay::Group",
        "AWS::XRay::SamplingRule",
    )
    found = [resource for kind in kinds for resource in resources(kind, load(OBSERVABILITY)).values()]
    assert len({resource["Type"] for resource in found}) == len(kinds)
    assert all(resource["Condition"] == "OnAws" for resource in found)


def test_the_template_is_plain_ascii() -> None:
    """CloudFormation makes question marks of anything else in some places."""
    OBSERVABILITY.read_text().encode("ascii")


def with_runbooks_at(url: str) -> str:
    """Return the dashboard's JSON as CloudFormation makes it."""
    (board,) = resources("AWS::CloudWatch::Dashboard", load(OBSERVABILITY)).values()
    return text_of({"Fn::Sub": board["Properties"]["DashboardBody"]["Fn::Sub"].replace("${RunbooksUrl}", url)})


RUNBOOKS_URL = load()["Parameters"]["RunbooksUrl"]


@given(st.from_regex(RUNBOOKS_URL["AllowedPattern"], fullmatch=True))
@example(RUNBOOKS_URL["Default"])
@example("https://git.example.com:8443/wishes/-/blob/main/docs/runbooks/")
@example("https://example.com/%22%29/?path=a&b=c/")
def test_no_address_of_the_runbooks_breaks_the_dashboard_or_its_links(url: str) -> None:
    texts = [
        each["properties"]["markdown"]
        for each in json.loads(with_runbooks_at(url))["widgets"]
        if each["type"] == "text"
    ]
    links = [found for text in texts for found in re.findall(r"\[([a-z-]+)\]\(([^()\s]*)\)", text)]
    assert links
    assert all(link == f"{url}{name}.md" for name, link in links)
    assert sum(text.count("](") for text in texts) == len(links)


@pytest.mark.parametrize(
    "url",
    ['https://example.com/"/', "https://example.com/\\/", "https://example.com/\n/", "https://example.com/a)(b/",
     "https://example.com/[a]/", "https://example.com/a b/", "https://example.com/<b>/", "https://example.com", ""],
    ids=ascii,
)  # fmt: skip
def test_an_address_of_the_runbooks_that_could_is_refused(url: str) -> None:
    assert not re.fullmatch(RUNBOOKS_URL["AllowedPattern"], url)


def test_the_dashboard_fits_its_grid_without_overlaps() -> None:
    cells = [
        (x, y)
        for each in dashboard(load(OBSERVABILITY))
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(cells) == len(set(cells))
    assert {x for x, _ in cells} == set(range(24))


def test_every_row_of_the_dashboard_begins_with_its_runbooks() -> None:
    rows = [widget["properties"]["markdown"] for widget in dashboard(load(OBSERVABILITY)) if widget["type"] == "text"]
    starts = {widget["y"] for widget in dashboard(load(OBSERVABILITY)) if widget["x"] == 0 and widget["type"] != "text"}
    assert len(rows) == len(starts)
    linked = [re.findall(r"\]\(X([a-z-]+)\.md\)", row) for row in rows]
    assert all(linked)
    assert {name for row in linked for name in row} <= {mode.name for mode in CATALOGUE}


def test_queries_filter_for_messages_that_are_logged() -> None:
    source = "".join(path.read_text() for path in SRC.rglob("*.py"))
    text = " ".join(line for query in QUERIES for line in query.lines if "message" in line)
    messages = re.findall(r'"([a-z ]+)"', text)
    assert messages
    assert all(f'"{message}"' in source for message in messages)
