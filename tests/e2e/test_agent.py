"""The agent beside a real stack: traces, metrics and alarms of what really happens."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from lastwish.aws.clients import Endpoint, engine_client
from lastwish.local.agent import process as agent_process
from lastwish.local.door import KEY_HEADER
from tests.support.documents import TRACE, datagram, handler
from tests.support.laptop import Laptop, Stack, start_detached, wait_until

MINUTES = timedelta(minutes=15)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own: alarms go off in it, and its agent is killed."""
    running = start_detached(Laptop(tmp_path_factory.mktemp("watched") / "home"))
    yield running
    done = running.run("down", "--json")
    assert "engine" in json.loads(done.stdout)["stopped"]
    assert running.laptop.is_clean()


@pytest.fixture(scope="module")
def wish(watched: Stack) -> dict[str, Any]:
    """A wish that boarded: what `submit` said."""
    done = watched.run("submit", "hello", "--to", "mars", "--json")
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def xray(stack: Stack) -> Any:
    return engine_client("xray", stack.traces)


def segments(stack: Stack, trace_id: str) -> dict[str, dict[str, Any]]:
    """The documents of a trace, by name."""
    traces = xray(stack).batch_get_traces(TraceIds=[trace_id])["Traces"]
    documents = [json.loads(each["Document"]) for trace in traces for each in trace["Segments"]]
    return {each["name"]: each for each in documents}


def total(stack: Stack, namespace: str, metric: str, dimensions: dict[str, str]) -> tuple[float, float]:
    """Sum and number of the values of a metric in the last minutes."""
    now, cloudwatch = datetime.now(UTC), stack.aws("cloudwatch")
    points = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - MINUTES,
        EndTime=now + MINUTES,
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return sum(each["Sum"] for each in points), sum(each["SampleCount"] for each in points)


def of_route(method: str, resource: str) -> dict[str, str]:
    return {"ApiName": "lastwish-local", "Stage": "local", "Method": method, "Resource": resource}


def put_alarm(
    stack: Stack, name: str, metric: tuple[str, str, dict[str, str]], statistic: str, *, period: int, threshold: int
) -> None:
    """An alarm on a metric (namespace, name, dimensions) that reaches a threshold in one period of so many seconds."""
    namespace, metric_name, dimensions = metric
    stack.aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace=namespace,
        MetricName=metric_name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic=statistic,
        Period=period,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )


def alarm_state(stack: Stack, name: str) -> str:
    (alarm,) = stack.aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarm["StateValue"])


def test_a_wish_leaves_a_trace_with_the_api_at_its_root_and_the_function_below(
    watched: Stack, wish: dict[str, Any]
) -> None:
    assert wait_until(lambda: "frontend" in segments(watched, wish["trace_id"]))
    found = segments(watched, wish["trace_id"])

    api, frontend = found["lastwish-local/local"], found["frontend"]
    assert "parent_id" not in api
    assert api["http"] == {"request": {"method": "POST", "url": "/local/wishes"}, "response": {"status": 202}}
    assert (frontend["origin"], frontend["parent_id"]) == ("AWS::Lambda::Function", api["id"])
    assert [each["name"] for each in frontend["subsegments"]] == ["## handler"]


def test_a_wish_is_found_by_its_annotation_and_others_are_not(watched: Stack, wish: dict[str, Any]) -> None:
    def found(wish_id: str) -> list[str]:
        now = datetime.now(UTC)
        answer = xray(watched).get_trace_summaries(
            StartTime=now - MINUTES, EndTime=now, FilterExpression=f'annotation.wish_id = "{wish_id}"'
        )
        return [each["Id"] for each in answer["TraceSummaries"]]

    assert wait_until(lambda: wish["trace_id"] in found(wish["wish_id"]))
    assert found("another") == []


def test_the_functions_of_a_queue_have_traces_of_their_own(watched: Stack, wish: dict[str, Any]) -> None:
    """A call that a function makes does not carry the trace of the API into the next function."""
    now = datetime.now(UTC)
    answer = xray(watched).get_trace_summaries(
        StartTime=now - MINUTES, EndTime=now, FilterExpression='annotation.Service = "worker"'
    )

    assert answer["TraceSummaries"]
    assert wish["trace_id"] not in [each["Id"] for each in answer["TraceSummaries"]]


def test_every_queue_is_measured_and_an_empty_one_too(watched: Stack) -> None:
    queues = [url.rpartition("/")[2] for name, url in watched.outputs.items() if name.endswith("DlqUrl")]

    for queue in queues:
        for metric in ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"):
            assert wait_until(lambda m=metric, q=queue: total(watched, "AWS/SQS", m, {"QueueName": q})[1] > 0)


@pytest.mark.usefixtures("wish")
def test_what_functions_log_as_metrics_arrives(watched: Stack) -> None:
    assert wait_until(lambda: total(watched, "LastWish/lastwish-local", "Submitted", {"service": "frontend"}) == (1, 1))
    assert wait_until(lambda: total(watched, "LastWish/lastwish-local", "Recorded", {"service": "worker"})[0] == 1)


@pytest.mark.usefixtures("wish")
def test_requests_are_measured_by_their_route(watched: Stack) -> None:
    assert wait_until(lambda: total(watched, "AWS/ApiGateway", "5XXError", of_route("POST", "/wishes")) == (0, 1))
    assert httpx.get(watched.url + "wishes/nobody", trust_env=False).status_code == 404
    of_it = of_route("GET", "/wishes/{wish_id}")
    assert wait_until(lambda: total(watched, "AWS/ApiGateway", "4XXError", of_it)[0] >= 1)


@pytest.mark.usefixtures("wish")
def test_every_function_is_measured_whoever_calls_it(watched: Stack) -> None:
    names = {each["FunctionName"] for each in watched.aws("lambda").list_functions()["Functions"]}
    ran = [name for name in names if any(part in name for part in ("Frontend", "Parser", "Worker", "Projector"))]

    assert len(ran) == 4
    for name in ran:
        assert wait_until(lambda n=name: total(watched, "AWS/Lambda", "Errors", {"FunctionName": n})[1] > 0)


def test_an_alarm_goes_off_for_its_dimensions_and_no_others(watched: Stack) -> None:
    cloudwatch = watched.aws("cloudwatch")
    for service in ("worker", "parser"):
        metric = ("Tested", "StoreRefused", {"service": service})
        put_alarm(watched, f"tested-{service}", metric, "Sum", period=60, threshold=3)
    datum = {"MetricName": "StoreRefused", "Dimensions": [{"Name": "service", "Value": "worker"}], "Value": 5}
    cloudwatch.put_metric_data(Namespace="Tested", MetricData=[datum])

    assert wait_until(lambda: alarm_state(watched, "tested-worker") == "ALARM")
    assert alarm_state(watched, "tested-parser") == "OK"


def test_a_dead_letter_sets_its_alarm_off_and_a_purge_ends_it(watched: Stack) -> None:
    queue = watched.outputs["PodsDlqUrl"]
    metric = ("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue.rpartition("/")[2]})
    put_alarm(watched, "tested-dead-letters", metric, "Maximum", period=10, threshold=1)
    assert alarm_state(watched, "tested-dead-letters") == "OK"

    watched.aws("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    assert wait_until(lambda: alarm_state(watched, "tested-dead-letters") == "ALARM")
    watched.aws("sqs").purge_queue(QueueUrl=queue)
    assert wait_until(lambda: alarm_state(watched, "tested-dead-letters") == "OK")


def test_a_reset_forgets_the_traces(watched: Stack) -> None:
    assert httpx.get(watched.url, trust_env=False).status_code == 200

    said = json.loads(watched.run("reset", "--json").stdout)

    assert said["traces"] > 0
    now = datetime.now(UTC)
    assert not xray(watched).get_trace_summaries(StartTime=now - MINUTES, EndTime=now)["TraceSummaries"]


def test_an_agent_that_hangs_holds_up_nobody(watched: Stack) -> None:
    agent = psutil.Process(watched.pids["agent"])
    agent.send_signal(signal.SIGSTOP)
    try:
        done = watched.run("submit", "still here", "--to", "mars", "--json")
        assert done.returncode == 0, done.stderr
    finally:
        agent.send_signal(signal.SIGCONT)


def test_without_an_agent_wishes_are_accepted_and_status_says_so(watched: Stack) -> None:
    """There is no agent afterwards, and no watcher to start one."""
    watched.kill("watcher", "agent")

    done = watched.run("submit", "nobody looks", "--to", "jupiter", "--json")
    said = watched.run("status", "--json")

    assert json.loads(done.stdout)["status"] == "boarded"
    health = json.loads(said.stdout)["health"]
    assert health["agent"].startswith("is dead")
    assert health["watcher"].startswith("is dead")
    assert (health["engine"], health["proxy"], health["api"], said.returncode) == ("ok", "ok", "ok", 1)


def test_without_an_agent_an_alarm_ends_all_the_same(watched: Stack) -> None:
    """The last of them. Nobody brings metrics any more, and the engine looks at its alarms by itself."""
    cloudwatch = watched.aws("cloudwatch")
    metric = ("Tested", "Once", {})
    put_alarm(watched, "tested-clock", metric, "Sum", period=10, threshold=1)
    cloudwatch.put_metric_data(Namespace="Tested", MetricData=[{"MetricName": "Once", "Value": 5}])
    assert alarm_state(watched, "tested-clock") == "ALARM"

    assert wait_until(lambda: alarm_state(watched, "tested-clock") == "OK")


def test_neither_a_full_disk_nor_an_engine_that_is_away_stops_it() -> None:
    ports = agent_process.bind()
    with Path("/dev/full").open("wb") as full:
        numbers = [ports.http.fileno(), ports.udp.fileno()]
        command = [sys.executable, "-m", "lastwish.local.agent.server", "--engine", "http://127.0.0.1:9"]
        command += ["--stack", "none", "--stage", "none", "--fd", str(numbers[0]), "--udp-fd", str(numbers[1])]
        environ = os.environ | {"AWS_ACCESS_KEY_ID": "LWKEY"}
        agent = subprocess.Popen(command, env=environ, stdout=full, stderr=full, pass_fds=numbers)
    endpoint = Endpoint(ports.xray, "LWKEY")
    try:
        host, _, port = ports.daemon.rpartition(":")
        assert wait_until(lambda: agent_process.answers(endpoint))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for data in (b"nonsense", datagram(handler())):
                sender.sendto(data, (host, int(port)))

        def health() -> dict[str, int]:
            found: dict[str, int] = httpx.get(
                f"{ports.xray}/_lastwish/health", headers={KEY_HEADER: "LWKEY"}, trust_env=False
            ).json()
            return found

        assert wait_until(lambda: health()["failed"] >= 2)  # rounds in which nothing could be published
        assert (health()["received"], health()["malformed"]) == (1, 1)
        assert engine_client("xray", endpoint).batch_get_traces(TraceIds=[TRACE])["Traces"]
    finally:
        ports.close()
        agent.terminate()
        agent.wait(10)
