"""A dead-letter queue as an erasure reads it: to its end, or it says that it did not."""

from types import SimpleNamespace

import boto3
import pytest

from infra import dead_letters
from infra.dead_letters import DeadLetters
from tests.support.aws import Aws


@pytest.fixture
def ten(aws: Aws) -> DeadLetters:
    for number in range(10):  # as many as one receive brings
        aws.sqs.send_message(QueueUrl=aws.urls["PodsDlq"], MessageBody=str(number))
    return DeadLetters(boto3.client("sqs"), aws.urls["PodsDlq"])


def test_a_queue_is_read_although_the_one_before_it_took_all_the_time(ten: DeadLetters) -> None:
    with ten.held(until=0) as (letters, is_all):
        assert (len(letters), is_all) == (10, True)


def test_letters_are_not_all_unless_a_receive_brought_none(ten: DeadLetters, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0, 0, 60])  # the count that SQS gives may be older than the letters
    monkeypatch.setattr(dead_letters, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with ten.held(until=0) as (letters, is_all):
        assert (len(letters), is_all) == (10, False)
