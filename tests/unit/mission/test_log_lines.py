"""What becomes of a line of a function's log, whoever wrote it."""

import json
from datetime import UTC, datetime

import pytest

from mission.log_lines import read
from tests.support.traces import WISH

CAME = 1_795_338_243_000


def test_a_line_of_ours_has_its_own_time_its_level_and_its_facts() -> None:
    said = {"correlation_id": "request-1", "wish_id": WISH, "timestamp": "2045-01-01T00:00:01.250+00:00"}
    said |= {
        "level": "WARNING",
        "service": "worker",
        "message": "record failed",
        "reason": "two words",
        "stack": ["a:1"],
    }
    line = read(json.dumps(said), CAME, "worker")
    assert line.time == datetime(2045, 1, 1, 0, 0, 1, 250_000, tzinfo=UTC)
    assert (line.service, line.level, line.message, line.ours) == ("worker", "WARNING", "record failed", True)
    assert line.document()["facts"] == {
        "correlation_id": "request-1",
        "wish_id": WISH,
        "reason": "two words",
        "stack": ["a:1"],
    }


@pytest.mark.parametrize(
    "text", ["START RequestId: 1 Version: $LATEST", "END RequestId: 1", "REPORT RequestId: 1\tDuration"]
)
def test_what_lambda_writes_around_an_invocation_is_not_ours(text: str) -> None:
    assert not read(text, CAME, "parser").ours


def test_metrics_are_not_ours_to_read_but_readable() -> None:
    said = {
        "_aws": {"CloudWatchMetrics": [{"Metrics": [{"Name": "Accepted"}]}]},
        "service": "parser",
        "Accepted": [1.0],
    }
    line = read(json.dumps(said), CAME, "parser")
    assert (line.ours, line.level, line.message) == (False, "METRICS", "Accepted=[1.0]")


@pytest.mark.parametrize("text", ["[ERROR] Runtime.ImportModuleError", "2045 abc Task timed out after 30.00 seconds"])
def test_a_crash_is_an_error_though_it_is_no_json(text: str) -> None:
    line = read(text, CAME, "parser")
    assert (line.level, line.ours, line.time) == ("ERROR", True, datetime.fromtimestamp(CAME / 1000, UTC))


@pytest.mark.parametrize(
    "text", ['["a list"]', '{"timestamp": "never", "message": 5}', "{", '"text"', "", "[" * 100_000]
)
def test_no_line_is_too_strange(text: str) -> None:
    assert read(text, CAME, "parser").time == datetime.fromtimestamp(CAME / 1000, UTC)


def test_no_line_can_move_the_cursor() -> None:
    said = {"message": "a\x1b[2Jb"}
    line = read(json.dumps(said), CAME, "parser")
    assert (line.message + read("e\x1b[2Jf\r", CAME, "parser").message).isprintable()
