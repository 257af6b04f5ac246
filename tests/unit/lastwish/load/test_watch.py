"""The display while a load runs."""

import io
import re

import pytest
from rich.console import Console

from lastwish.load import watch
from lastwish.load.run import Sample
from lastwish.load.watch import Watch
from tests.support.runs import result


def drawn(looking: Watch, now: float) -> dict[str, str]:
    return dict(looking.rows(now))


def test_it_says_what_was_answered_planned_and_is_left() -> None:
    looking = Watch(Console(file=io.StringIO()), [float(at) for at in range(20)])
    looking.phase = "sending"
    looking.add([result(n, at=float(n), took=0.5) for n in range(5)])
    rows = drawn(looking, 9.5)
    assert rows["sending"] == "5 of 20 answered, 10 due"
    assert rows["rate"] == "0/s answered, 1/s planned"
    assert rows["latency"] == "p50 500 ms  p95 500 ms  p99 500 ms"
    assert rows["left"] == "about 10 s of sending"
    assert {rows["errors"], rows["queues"], rows["followed"]} == {"–"}


def test_what_is_not_due_yet_is_not_behind() -> None:
    looking = Watch(Console(file=io.StringIO()), [float(at) for at in range(100)])
    looking.phase = "sending"
    looking.add([result(n, at=float(n), took=0.1) for n in range(6)])
    assert drawn(looking, 7.0)["left"] == "about 92 s of sending"
    looking.halt(8.0)
    halted = drawn(looking, 50.0)
    assert (halted["sending"], halted["left"]) == ("6 of 100 answered, 9 due", "–")


def test_a_terminal_that_cannot_be_drawn_on_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "EVERY", 0.0)
    said = io.StringIO()
    looking = Watch(Console(file=said, force_terminal=True, _environ={"TERM": "dumb"}), [0.0])
    with looking:
        looking.show(21)
    assert said.getvalue().startswith("  21 s  starting 0 of 1 answered, 1 due; rate")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_that_goes_away_ends_nothing(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(watch, "EVERY", 0.0)
    with Watch(Console(file=Gone(), force_terminal=is_terminal), [0.0]) as looking:
        looking.show(1)
        looking.note("still here")
        looking.show(2)


def test_a_terminal_shows_what_is_loaded() -> None:
    said = io.StringIO()
    with Watch(Console(file=said, force_terminal=True, width=80), [0.0], "spike: 1 wish") as looking:
        looking.show(0)
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rstrip() for line in said.getvalue().splitlines()]
    assert lines[0] == "spike: 1 wish"
    assert set(lines[1]) <= set("━╸╺ ")
    assert lines[2].startswith("starting   0 of 1 answered, 1 due")


def test_errors_by_kind_and_queues_with_their_way_up() -> None:
    looking = Watch(Console(file=io.StringIO(), force_terminal=True), [0.0, 0.0])
    looking.add([result(0, tries=2, again_for=["429"]), result(1, status=503, tries=2, again_for=["timeout"])])
    looking.samples = [Sample(2.0 * n, {"Inbox": n, "Pods": 0}) for n in range(8)]
    looking.followed = (3, 9)
    rows = drawn(looking, 1)
    assert set(rows["errors"].split(", ")) >= {"429: 1 again", "timeout: 1 again"}
    assert "503: 0 again, 1 given up" in rows["errors"]
    assert rows["queues"].startswith("Inbox 7, Pods 0  ")
    assert len(rows["queues"].split()[4]) == 8
    assert rows["queues"].endswith("at most 7")
    assert rows["followed"] == "3 of 9 seen to end"


def test_where_there_is_no_terminal_it_says_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    looking = Watch(Console(file=said, soft_wrap=True), [0.0])
    with looking:
        looking.show(1)
        assert not said.getvalue()
        monkeypatch.setattr(watch, "EVERY", 0.0)
        looking.show(2)
        looking.show(3)
    assert said.getvalue().count("\n") == 2
    assert "0 of 1 answered" in said.getvalue()
