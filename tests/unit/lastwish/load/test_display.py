"""Display while a load runs."""

import io
import re

import pytest
from rich.console import Console

from lastwish.load import display as display_module
from lastwish.load.display import Display
from lastwish.load.results import QueueSample
from tests.support.loads import result


def rows_of(display: Display, now: float) -> dict[str, str]:
    return dict(display.rows(now))


def test_it_shows_how_many_are_answered_planned_and_left() -> None:
    display = Display(Console(file=io.StringIO()), [float(at) for at in range(20)])
    display.phase = "sending"
    display.add([result(n, at=float(n), took=0.5) for n in range(5)])
    rows = rows_of(display, 9.5)
    assert rows["sending"] == "5 of 20 answered, 10 due"
    assert rows["rate"] == "0/s answered, 1/s planned"
    assert rows["latency"] == "p50 500 ms  p95 500 ms  p99 500 ms"
    assert rows["left"] == "about 10 s of sending"
    assert {rows["errors"], rows["queues"], rows["followed"]} == {"–"}


def test_wishes_that_are_not_due_yet_are_not_behind() -> None:
    display = Display(Console(file=io.StringIO()), [float(at) for at in range(100)])
    display.phase = "sending"
    display.add([result(n, at=float(n), took=0.1) for n in range(6)])
    assert rows_of(display, 7.0)["left"] == "about 92 s of sending"
    display.stop_clock(8.0)
    halted = rows_of(display, 50.0)
    assert (halted["sending"], halted["left"]) == ("6 of 100 answered, 9 due", "–")


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display_module, "LINE_INTERVAL", 0.0)
    output = io.StringIO()
    display = Display(Console(file=output, force_terminal=True, _environ={"TERM": "dumb"}), [0.0])
    with display:
        display.show(21)
    assert output.getvalue().startswith("  21 s  starting 0 of 1 answered, 1 due; rate")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_that_is_closed_does_not_end_the_load(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(display_module, "LINE_INTERVAL", 0.0)
    with Display(Console(file=Closed(), force_terminal=is_terminal), [0.0]) as display:
        display.show(1)
        display.note("still here")
        display.show(2)


def test_a_terminal_shows_the_title_of_the_load() -> None:
    output = io.StringIO()
    with Display(Console(file=output, force_terminal=True, width=80), [0.0], "spike: 1 wish") as display:
        display.show(0)
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rstrip() for line in output.getvalue().splitlines()]
    assert lines[0] == "spike: 1 wish"
    assert set(lines[1]) <= set("━╸╺ ")
    assert lines[2].startswith("starting   0 of 1 answered, 1 due")


def test_it_shows_errors_by_kind_and_the_history_of_the_queues() -> None:
    display = Display(Console(file=io.StringIO(), force_terminal=True), [0.0, 0.0])
    display.add([result(0, tries=2, again_for=["429"]), result(1, status=503, tries=2, again_for=["timeout"])])
    display.samples = [QueueSample(2.0 * n, {"Inbox": n, "Pods": 0}) for n in range(8)]
    display.followed = (3, 9)
    rows = rows_of(display, 1)
    assert set(rows["errors"].split(", ")) >= {"429: 1 again", "timeout: 1 again"}
    assert "503: 0 again, 1 given up" in rows["errors"]
    assert rows["queues"].startswith("Inbox 7, Pods 0  ")
    assert len(rows["queues"].split()[4]) == 8
    assert rows["queues"].endswith("at most 7")
    assert rows["followed"] == "3 of 9 seen to end"


def test_without_a_terminal_it_prints_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.StringIO()
    display = Display(Console(file=output, soft_wrap=True), [0.0])
    with display:
        display.show(1)
        assert not output.getvalue()
        monkeypatch.setattr(display_module, "LINE_INTERVAL", 0.0)
        display.show(2)
        display.show(3)
    assert output.getvalue().count("\n") == 2
    assert "0 of 1 answered" in output.getvalue()
