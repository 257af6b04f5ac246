"""Samples of the queues, with a stand-in for CloudWatch."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

from botocore.exceptions import ClientError

from lastwish.load.queue_depth import QueueSampler, ReadQueues, aws_reader
from lastwish.load.results import QueueSample
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
    read = aws_reader(Stores(None, sqs, None, URLS, {}), cloudwatch)
    assert read() == ({"Inbox": 5, "Pods": 5}, {"Inbox": 4.0})
    queries: list[dict[str, Any]] = cloudwatch.get_metric_data.call_args.kwargs["MetricDataQueries"]
    names = [query["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for query in queries]
    assert names == ["inbox-x", "pods-x"]


def sampled(read: ReadQueues) -> QueueSampler:
    sampler = QueueSampler(read, lambda: 7.0)
    sampler.start()
    sampler.stop()
    return sampler


def test_the_first_sample_is_taken_at_once() -> None:
    sampler = sampled(lambda: ({"Inbox": 1}, {"Inbox": 0.5}))
    assert sampler.samples == [QueueSample(7.0, {"Inbox": 1}, {"Inbox": 0.5})]


def test_a_reading_that_fails_is_left_out() -> None:
    def failing() -> Any:
        raise ClientError({"Error": {"Code": "Throttling"}}, "GetQueueAttributes")

    assert sampled(failing).samples == []
