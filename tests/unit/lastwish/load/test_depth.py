"""Queues and CPU, with a stand-in for CloudWatch and real processes."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

from botocore.exceptions import ClientError

from lastwish.load.depth import Depths, Look, cpu_seconds, on_aws
from lastwish.load.run import Sample
from lastwish.maintenance.stores import Stores

URLS = {"InboxUrl": "https://sqs.example/1/inbox-x", "PodsUrl": "https://sqs.example/1/pods-x"}


def at(minute: int) -> datetime:
    return datetime(2045, 1, 1, 9, minute, tzinfo=UTC)


def test_on_aws_the_age_is_the_newest_that_cloudwatch_has() -> None:
    sqs, cloudwatch = Mock(), Mock()
    sqs.get_queue_attributes.return_value = {
        "Attributes": {"ApproximateNumberOfMessages": "3", "ApproximateNumberOfMessagesNotVisible": "2"}
    }
    cloudwatch.get_metric_data.return_value = {
        "MetricDataResults": [
            {"Id": "inbox", "Timestamps": [at(1), at(2)], "Values": [9.0, 4.0]},
            {"Id": "pods", "Timestamps": [], "Values": []},
        ]
    }
    look = on_aws(Stores(None, sqs, None, URLS, {}), cloudwatch)
    assert look() == ({"Inbox": 5, "Pods": 5}, {"Inbox": 4.0})
    queries: list[dict[str, Any]] = cloudwatch.get_metric_data.call_args.kwargs["MetricDataQueries"]
    names = [query["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for query in queries]
    assert names == ["inbox-x", "pods-x"]


def looked_at(look: Look) -> Depths:
    depths = Depths(look, lambda: 7.0)
    depths.start()
    depths.stop()
    return depths


def test_the_first_look_is_at_once() -> None:
    depths = looked_at(lambda: ({"Inbox": 1}, {"Inbox": 0.5}))
    assert depths.samples == [Sample(7.0, {"Inbox": 1}, {"Inbox": 0.5})]


def test_a_look_that_fails_is_left_out() -> None:
    def failing() -> Any:
        raise ClientError({"Error": {"Code": "Throttling"}}, "GetQueueAttributes")

    assert looked_at(failing).samples == []


def test_cpu_of_a_process_counts_its_children_also_when_they_have_ended() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    code = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); print('done', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"done\n"
        found = cpu_seconds({"family": parent.pid, "cli": os.getpid()})
        parent.communicate(b"\n")
    assert found["family"] >= 0.3
    assert found["cli"] > 0
    assert cpu_seconds({"family": parent.pid}) == {}
