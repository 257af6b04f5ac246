"""`lastwish cost` against CloudWatch, Lambda and CloudWatch Logs as moto knows them."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.commands import cost
from lastwish.errors import AwsError
from lastwish.observe import usage
from lastwish.site import AwsSite
from tests.support.recorded_calls import Calls, recorded

DAY = timedelta(days=1)
REPORT = "REPORT RequestId: 1\tDuration: 9 ms\tBilled Duration: 9 ms\tMemory Size: 512 MB\tMax Memory Used: {} MB\t\n"
KINDS = {
    "WorkerFunction": "AWS::Lambda::Function",
    "ConsoleFunction": "AWS::Lambda::Function",
    "WorkerLogs": "AWS::Logs::LogGroup",
    "ConsoleLogs": "AWS::Logs::LogGroup",
    "Pods": "AWS::SQS::Queue",
    "Seats": "AWS::DynamoDB::Table",
}
RESOURCES = [
    {
        "LogicalResourceId": name,
        "PhysicalResourceId": f"https://sqs.test/0/{name}-1" if name == "Pods" else f"{name}-1",
        "ResourceType": kind,
        "LastUpdatedTimestamp": "2026-11-27",
        "ResourceStatus": "CREATE_COMPLETE",
    }
    for name, kind in KINDS.items()
]
OUTPUTS = [
    {"OutputKey": "ApiUrl", "OutputValue": "https://api.test/prod/"},
    {"OutputKey": "SiteUrl", "OutputValue": "https://cdn.test/"},
]
STACK = {"StackName": "lastwish", "StackStatus": "CREATE_COMPLETE", "Outputs": OUTPUTS}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """A stack called lastwish, in which the worker ran twice; what moto does not know is answered."""
    answers = {
        "cloudformation.DescribeStacks": {"Stacks": [STACK]},
        "cloudformation.ListStackResources": {"StackResourceSummaries": RESOURCES},
        "lambda.GetFunctionConfiguration": {"MemorySize": 512, "Architectures": ["arm64"]},
    }
    with mock_aws(), recorded(monkeypatch, answers) as calls:
        put("LastWish/lastwish", "Submitted", [1, 1, 1], service="frontend")
        put("LastWish/lastwish", "Records", [2, 1], service="worker")
        put("AWS/ApiGateway", "Count", [9], ApiName="lastwish", Stage="prod")
        put("AWS/Lambda", "Invocations", [1, 1], FunctionName="WorkerFunction-1")
        put("AWS/Lambda", "Duration", [400, 600], FunctionName="WorkerFunction-1")
        put("AWS/Lambda", "ConcurrentExecutions", [1, 2, 1], FunctionName="WorkerFunction-1")
        put("AWS/SQS", "NumberOfEmptyReceives", [5], QueueName="Pods-1")
        put("AWS/DynamoDB", "ConsumedWriteCapacityUnits", [2], TableName="Seats-1")
        put("AWS/Logs", "IncomingBytes", [1000], LogGroupName="WorkerLogs-1")
        put("AWS/Logs", "IncomingBytes", [500], LogGroupName="ConsoleLogs-1")
        for group in ("WorkerLogs-1", "ConsoleLogs-1"):
            boto3.client("logs").create_log_group(logGroupName=group)
        report("WorkerLogs-1", 90, 120, 100)
        yield calls


@pytest.fixture
def site(calls: Calls) -> AwsSite:
    return AwsSite("lastwish")


def put(namespace: str, name: str, values: list[float], minutes_ago: int = 1, **dimensions: str) -> None:
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    data = [{"MetricName": name, "Dimensions": pairs, "Value": value, "Timestamp": at} for value in values]
    boto3.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def report(group: str, *megabytes: int) -> None:
    logs = boto3.client("logs")
    logs.create_log_stream(logGroupName=group, logStreamName="1")
    lines = ["START RequestId: 1", *(REPORT.format(each) for each in megabytes)]
    events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
    logs.put_log_events(logGroupName=group, logStreamName="1", logEvents=events)


def test_a_function_that_ran_has_its_time_memory_and_concurrency(site: AwsSite) -> None:
    (worker,) = usage.read(site, DAY).functions
    assert (worker.service, worker.invocations, worker.seconds, worker.records) == ("worker", 2, 1.0, 3)
    assert (worker.concurrency, worker.used_mb, worker.memory_mb, worker.architecture) == (2, 120, 512, "arm64")


def test_what_aws_measures_is_added_up_over_its_resources(site: AwsSite) -> None:
    found = usage.read(site, DAY)
    assert (found.count("accepted"), found.count("requests"), found.busy_s) == (3, 9, 300)
    assert (found.total("NumberOfEmptyReceives"), found.total("IncomingBytes")) == (5, 1500)
    assert (found.total("ConsumedWriteCapacityUnits"), found.total("ConsumedReadCapacityUnits")) == (2, None)
    assert found.behind_cdn


def test_a_function_without_a_report_has_unknown_memory(site: AwsSite) -> None:
    boto3.client("logs").delete_log_stream(logGroupName="WorkerLogs-1", logStreamName="1")
    (worker,) = usage.read(site, DAY).functions
    assert worker.used_mb is None


def test_the_command_prints_one_object(site: AwsSite) -> None:
    said = CliRunner().invoke(app, ["cost", "--stack", "lastwish", "--json"])
    found: dict[str, Any] = json.loads(said.stdout)
    assert (said.exit_code, found["hours"], found["wishes"], found["on_aws"]) == (0, 24, 3, True)
    assert found["per_million"] == pytest.approx(found["dollars"] / 3 * 1e6)
    assert [each["rule"] for each in found["advice"]] == ["memory"]
    assert {each["name"] for each in found["items"] if not each["measured"]} == {"read units"}


def test_the_command_says_it_in_words(site: AwsSite) -> None:
    said = CliRunner().invoke(app, ["cost", "--stack", "lastwish"])
    assert "3 wishes in the last 24 h" in said.stdout
    row = next(line.split() for line in said.stdout.splitlines() if line.startswith("worker"))
    assert row == ["worker", "2", "500", "ms", "2", "120", "of", "512", "MB", "arm64"]
    assert "MemorySize 192: at most 120 of 512 MB used" in said.stdout


def test_minutes_are_counted_to_the_minute(site: AwsSite) -> None:
    """So that what came in the five minutes before is not counted."""
    put("LastWish/lastwish", "Submitted", [7], minutes_ago=4, service="frontend")
    found = [asked("--minutes", minutes) for minutes in ("2", "9")]
    assert [each["wishes"] for each in found] == [3, 10]
    assert found[0]["hours"] == pytest.approx(2 / 60)
    assert usage.read(site, timedelta(minutes=9)).busy_s == 120


def asked(*options: str) -> Any:
    return json.loads(CliRunner().invoke(app, ["cost", "--stack", "lastwish", "--json", *options]).stdout)


def test_without_an_answer_it_says_so(site: AwsSite, calls: Calls) -> None:
    code = {"Error": {"Code": "ThrottlingException"}}
    calls.answers["cloudwatch.GetMetricData"] = ClientError(code, "GetMetricData")
    with pytest.raises(AwsError, match="ThrottlingException"):
        usage.read(site, DAY)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens while `--follow` waits, one after the other; it has a terminal, and then Ctrl-C comes."""
    meanwhile: list[Callable[[], object]] = []
    waits = iter(range(100))

    def sleep(_: float) -> None:
        number = next(waits)
        meanwhile[number]() if number < len(meanwhile) else signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(cost, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, says rich
    monkeypatch.setenv("TERM", "xterm")
    return meanwhile


def test_it_follows_until_ctrl_c_which_is_its_end(site: AwsSite, clock: list[Callable[[], object]]) -> None:
    clock += [lambda: put("LastWish/lastwish", "Submitted", [1], service="frontend")]
    said = CliRunner().invoke(app, ["cost", "--stack", "lastwish", "--follow"])
    assert said.exit_code == 0, said.output
    looks = said.stdout.split(" wishes in the last 24 h")
    assert [look[-1] for look in looks[:-1]] == ["3", "4", "4"]  # the last one stays when the screen is left


def test_what_cannot_be_read_for_a_while_does_not_end_it(
    site: AwsSite, calls: Calls, clock: list[Callable[[], object]]
) -> None:
    throttled = ClientError({"Error": {"Code": "ThrottlingException"}}, "GetMetricData")
    clock += [
        lambda: calls.answers.update({"cloudwatch.GetMetricData": throttled}),
        lambda: calls.answers.pop("cloudwatch.GetMetricData"),
    ]
    said = CliRunner().invoke(app, ["cost", "--stack", "lastwish", "--follow"])
    assert said.exit_code == 0, said.output
    assert said.stdout.count("ThrottlingException") == 1
    assert said.stdout.count("3 wishes in the last 24 h") == 4


@pytest.mark.parametrize("options", [["--follow"], ["--follow", "--json"]])
def test_there_is_nobody_to_follow_for_without_a_terminal(site: AwsSite, options: list[str]) -> None:
    said = CliRunner().invoke(app, ["cost", "--stack", "lastwish", *options])
    assert (said.exit_code, "--follow is for a person at a terminal" in said.stderr) == (2, True)


def test_a_program_is_answered_once(site: AwsSite, clock: list[Callable[[], object]]) -> None:
    said = CliRunner().invoke(app, ["cost", "--stack", "lastwish", "--follow", "--json"])
    assert (said.exit_code, list(json.loads(said.stdout))) == (2, ["error", "next_step"])
