"""Where an injected fault can be seen: in the log of the function, in each wish's trace, in a metric."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lastwish.local import faults
from lastwish.local.agent.datagrams import Receiver
from lastwish.local.agent.metrics import MetricBuffer
from lastwish.local.agent.traces import Traces
from lastwish.local.engine.patch import ministack_module
from lastwish.local.faults import Fault
from mission.log_lines import read
from tests.support.engine_in_process import KEY, Engine, engine_in_process, url_of

PARSER, GROUP = "lastwish-local-ParserFunction-1", "/lastwish/parser"
TRACES = [f"1-5759e988-{number:024x}" for number in range(3)]
PARENT = "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def daemon() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        yield receiver


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, daemon: socket.socket) -> Iterator[Engine]:
    functions = ministack_module("services.lambda_svc")._functions
    variables = {"POWERTOOLS_SERVICE_NAME": "parser"}
    functions[PARSER] = {"config": {"Environment": {"Variables": variables}, "LoggingConfig": {"LogGroup": GROUP}}}
    with engine_in_process(tmp_path_factory.mktemp("engine"), f"127.0.0.1:{daemon.getsockname()[1]}") as engine:
        engine.create_store_and_queues()
        engine.client("logs", "commands").create_log_group(logGroupName=GROUP)
        yield engine
    del functions[PARSER]


@pytest.fixture(scope="module")
def hit(engine: Engine) -> None:
    """One call with three messages is hit: its own trace is that of the first, and each message has one."""
    begun = faults.inject(engine.endpoint, Fault(kind="delay", caller="parser", delay_ms=20, name="slow-parser"))
    client = engine.client("sqs", PARSER)

    def trace(request: Any, **_: Any) -> None:
        request.headers["X-Amzn-Trace-Id"] = f"Root={TRACES[0]};Parent={PARENT};Sampled=1"

    client.meta.events.register("before-sign.sqs", trace)
    headers = [{"DataType": "String", "StringValue": f"Root={root};Parent={PARENT};Sampled=1"} for root in TRACES]
    entries = [
        {"Id": str(n), "MessageBody": "what somebody typed", "MessageSystemAttributes": {"AWSTraceHeader": header}}
        for n, header in enumerate(headers)
    ]
    client.send_message_batch(QueueUrl=url_of("lastwish-Pods"), Entries=entries)
    faults.end(engine.endpoint, begun.id)


def test_an_injection_is_a_line_in_the_log_of_the_function(engine: Engine, hit: None) -> None:
    [event] = engine.client("logs", "commands").filter_log_events(logGroupName=GROUP)["events"]
    line = read(event["message"], event["timestamp"], "parser")

    assert (line.level, line.message, line.ours) == ("WARNING", "fault injected", True)
    assert set(line.facts.pop("traces")) == set(TRACES)
    assert line.facts == {"fault": "delay", "name": "slow-parser", "call": "sqs.SendMessageBatch"}
    assert "typed" not in event["message"]


def test_an_injection_is_a_subsegment_in_the_trace_of_each_wish(daemon: socket.socket, hit: None) -> None:
    traces, counters = Traces(), {"received": 0, "malformed": 0}
    agent = Receiver(traces, MetricBuffer(), counters, "lastwish-local", "local", KEY)
    for _ in TRACES:
        agent.datagram_received(daemon.recv(65536), None)

    assert counters == {"received": 3, "malformed": 0}
    for found in traces.get(TRACES):
        [segment] = found.segments.values()
        assert (segment.name, segment.parent_id, segment.service) == ("fault: delay", PARENT, "parser")
        assert segment.annotations >= {("fault", "delay"), ("fault_name", "slow-parser")}
        assert round(json.loads(segment.document)["end_time"] - segment.start, 3) == 0.02


def test_an_injection_is_counted_under_its_name(engine: Engine, hit: None) -> None:
    now = datetime.now(UTC)
    points = engine.client("cloudwatch", "commands").get_metric_statistics(
        Namespace="LastWish/Faults",
        MetricName="Injected",
        Dimensions=[{"Name": "Fault", "Value": "slow-parser"}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(point["Sum"] for point in points) == 1


def test_a_function_without_a_log_group_is_marked_in_the_engines_log(
    engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    faults.inject(engine.endpoint, Fault(kind="delay", delay_ms=1))
    engine.put("worker")
    faults.end(engine.endpoint)

    [line] = [each for each in capfd.readouterr().out.splitlines() if "fault injected" in each]
    assert json.loads(line)["call"] == "dynamodb.PutItem"
