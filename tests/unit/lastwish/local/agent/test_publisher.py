"""Lines of a log group and metrics of queues, from one round to the next."""

from typing import Any

from lastwish.local.agent.logs import OVERLAP, Tail
from lastwish.local.agent.publisher import QueueMetrics


class Logs:
    """CloudWatch Logs as the engine has it: events of one group, oldest first, up to a page."""

    def __init__(self, page: int = 10_000) -> None:
        self.events: list[dict[str, Any]] = []
        self.page = page

    def write(self, message: str, at: int, stream: str = "one") -> None:
        self.events.append({"logStreamName": stream, "timestamp": at, "message": message})
        self.events.sort(key=lambda event: int(event["timestamp"]))

    def filter_log_events(self, startTime: int, limit: int, **_more: object) -> dict[str, Any]:  # noqa: N803
        return {"events": [event for event in self.events if event["timestamp"] >= startTime][: min(limit, self.page)]}


def following() -> tuple[Logs, Tail, int]:
    """A group, its tail, and a moment just after the tail began."""
    logs = Logs()
    tail = Tail(logs, "group")
    return logs, tail, tail._begin + 10_000


def test_each_line_is_given_once() -> None:
    logs, tail, now = following()
    logs.write("first", now)
    assert list(tail.lines()) == ["first"]
    logs.write("second", now + 1)

    assert list(tail.lines()) == ["second"]
    assert list(tail.lines()) == []


def test_what_was_there_before_the_tail_is_not_given() -> None:
    logs, tail, now = following()
    logs.write("old", now - 10_001)

    assert list(tail.lines()) == []


def test_a_line_that_comes_late_is_given_too() -> None:
    logs, tail, now = following()
    logs.write("on time", now)
    list(tail.lines())
    logs.write("late", now - OVERLAP + 1)

    assert list(tail.lines()) == ["late"]


def test_equal_lines_of_the_same_moment_all_count() -> None:
    logs, tail, now = following()
    logs.write("twice", now)
    logs.write("twice", now)
    assert list(tail.lines()) == ["twice", "twice"]
    logs.write("twice", now)
    logs.write("twice", now, stream="two")

    assert list(tail.lines()) == ["twice", "twice"]


def test_only_the_overlap_is_remembered() -> None:
    logs, tail, now = following()
    for step in range(100):
        logs.write(f"{step}", now + step * OVERLAP)
        assert list(tail.lines()) == [f"{step}"]

    assert len(tail._seen) <= 2


def sample(name: str, visible: int = 0, age: float = 0.0) -> dict[str, Any]:
    return {"name": name, "visible": visible, "in_flight": 0, "delayed": 0, "oldest_s": age}


def visible(metrics: QueueMetrics, *samples: dict[str, Any]) -> dict[str, float]:
    """Published numbers of visible messages, by queue."""
    of_queues = [point for point in metrics.points(samples, 100.0) if point.name.endswith("MessagesVisible")]
    return {point.dimensions[0][1]: point.value for point in of_queues}


def test_a_fresh_stack_publishes_every_empty_queue_at_once() -> None:
    assert visible(QueueMetrics(), sample("a"), sample("b"), sample("c")) == {"a": 0, "b": 0, "c": 0}


def test_a_change_is_published_at_once() -> None:
    metrics = QueueMetrics()
    for _ in range(3):
        visible(metrics, sample("a"), sample("b"), sample("c"))

    assert visible(metrics, sample("a", 4), sample("b"), sample("c"))["a"] == 4


def test_every_queue_is_published_in_turn_and_never_none() -> None:
    metrics = QueueMetrics()
    visible(metrics, sample("a"), sample("b"), sample("c"))

    rounds = [visible(metrics, sample("a"), sample("b"), sample("c")) for _ in range(3)]

    assert [len(each) for each in rounds] == [1, 1, 1]
    assert set().union(*rounds) == {"a", "b", "c"}


def test_a_queue_is_measured_as_sqs_does() -> None:
    points = QueueMetrics().points([sample("a", 2, 7.9) | {"in_flight": 3}], 100.0)

    assert {(point.name, point.value, point.unit) for point in points} == {
        ("ApproximateNumberOfMessagesVisible", 2, "Count"),
        ("ApproximateNumberOfMessagesNotVisible", 3, "Count"),
        ("ApproximateAgeOfOldestMessage", 7, "Seconds"),
    }
