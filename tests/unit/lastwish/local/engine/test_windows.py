"""A batch of a table's stream fills as long as its mapping says, and only for the poller."""

from typing import Any

import pytest

from lastwish.local.engine import windows
from lastwish.local.engine.patch import EngineChanged, ministack_module

TABLE, MOST, WINDOW = "EventStore", 3, 1
ARN = f"arn:aws:dynamodb:us-east-1:000000000000:table/{TABLE}/stream/2045-01-01T00:00:00.000"


class Stream:
    """What MiniStack's poller takes of a stream, at a time that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, mapping: dict[str, Any]) -> None:
        self.records: list[str] = []
        self.now = 100.0
        self.taken = 0
        functions, self.dynamodb = ministack_module("services.lambda_svc"), ministack_module("services.dynamodb")
        monkeypatch.setattr(windows, "_waits", {})
        monkeypatch.setattr("lastwish.local.engine.windows.time.monotonic", lambda: self.now)
        monkeypatch.setattr(functions, "_iter_all_esms", lambda: [("", "", {"EventSourceArn": ARN} | mapping)])
        monkeypatch.setattr(functions, "_poll_dynamodb_streams", self._poll)
        monkeypatch.setattr(self.dynamodb, "stream_records_since", self._read)
        windows.install()
        self.poll = functions._poll_dynamodb_streams

    def _read(
        self, table_name: str, position: int, limit: int, *, account_id: Any = None, region: Any = None
    ) -> list[str]:
        return self.records[position : position + limit]

    def _poll(self) -> bool:
        batch = self.dynamodb.stream_records_since(TABLE, self.taken, MOST)
        self.taken += len(batch)
        return bool(batch)


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Stream:
    return Stream(monkeypatch, {"MaximumBatchingWindowInSeconds": WINDOW})


def test_a_batch_waits_for_its_window_and_then_has_all_that_came_meanwhile(stream: Stream) -> None:
    stream.records = ["a"]
    assert not stream.poll()
    stream.now += 0.9
    stream.records.append("b")
    assert not stream.poll()
    stream.now += 0.1
    assert stream.poll()
    assert stream.taken == 2


def test_a_full_batch_does_not_wait_and_the_next_one_has_a_window_of_its_own(stream: Stream) -> None:
    stream.records = ["a", "b", "c", "d"]
    assert stream.poll()
    assert not stream.poll()
    stream.now += WINDOW
    assert stream.poll()
    assert stream.taken == 4


def test_the_window_begins_with_the_first_record_and_not_before(stream: Stream) -> None:
    assert not stream.poll()
    stream.now += 60
    stream.records = ["a"]
    assert not stream.poll()


def test_who_else_reads_the_stream_does_not_wait(stream: Stream) -> None:
    stream.records = ["a"]
    assert not stream.poll()
    assert stream.dynamodb.stream_records_since(TABLE, 0, MOST) == ["a"]


@pytest.mark.parametrize(
    "mapping", [{}, {"MaximumBatchingWindowInSeconds": None}, {"EventSourceArn": "arn:aws:sqs:us-east-1:1:Inbox"}]
)
def test_without_a_window_nothing_waits(monkeypatch: pytest.MonkeyPatch, mapping: dict[str, Any]) -> None:
    stream = Stream(monkeypatch, mapping)
    stream.records = ["a"]
    assert stream.poll()


def test_an_engine_that_reads_streams_in_another_way_is_refused(stream: Stream) -> None:
    stream.dynamodb.stream_records_since = lambda table_name: []
    with pytest.raises(EngineChanged):
        windows.install()
