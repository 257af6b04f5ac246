"""What `trace` and `logs` make of what is typed, of log lines, and of a terminal."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from lastwish.aws.log_facts import words
from lastwish.cli import app
from lastwish.observe.moments import is_span, moment, span
from lastwish.observe.waterfall import duration, show
from mission.log_lines import Line, read
from tests.support.traces import CHAIN, TRACE, a_wish, drawn, refused_by, segment

WISH = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"
NOW = datetime(2045, 1, 1, 12, 0, 0, tzinfo=UTC)
CAME = 1_795_338_243_000


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts this machine into a time zone."""

    def put(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


# --- moments and spans ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("now", NOW),
        ("10:42", NOW.replace(hour=10, minute=42)),
        ("10:42:07", NOW.replace(hour=10, minute=42, second=7)),
        ("10:42:07.250", NOW.replace(hour=10, minute=42, second=7, microsecond=250_000)),
        ("2044-12-31T23:59:58Z", datetime(2044, 12, 31, 23, 59, 58, tzinfo=UTC)),
        ("2044-12-31 23:59", datetime(2044, 12, 31, 23, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_is_what_was_meant(zone: Callable[[str], None], typed: str, meant: datetime) -> None:
    zone("UTC")
    assert moment(typed, NOW) == meant


def test_a_winter_moment_is_in_winter_time_when_asked_in_summer(zone: Callable[[str], None]) -> None:
    zone("Europe/Berlin")
    july = datetime(2026, 7, 1, tzinfo=UTC).astimezone()
    assert moment("2026-01-15T10:42:07", july) == datetime(2026, 1, 15, 9, 42, 7, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["", "yesterday", "25:00", "10:61", "10", "2044-13-01"])
def test_what_is_no_moment_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(ValueError, match="is no moment"):
        moment(typed, NOW)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("±3s", 3), ("3s", 3), ("+-3s", 3), ("± 1.5", 1.5), ("500ms", 0.5), ("2m", 120), ("1h", 3600)],
)
def test_a_span_has_a_unit_or_is_in_seconds(typed: str, seconds: float) -> None:
    assert span(typed) == timedelta(seconds=seconds)


@pytest.mark.parametrize("typed", ["", "±", "three", "-3s", "3 weeks", "1e9s"])
def test_what_is_no_span_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(ValueError, match="is no span"):
        span(typed)


def test_only_with_its_sign_is_an_argument_a_span() -> None:
    assert [is_span(each) for each in ("±3s", "+-3s", "3s", WISH)] == [True, True, False, False]


# --- facts of lines ---------------------------------------------------------------------------------------------------
def line(**said: Any) -> Line:
    return read(json.dumps(said), CAME, "worker")


def test_facts_that_help_are_shown_and_of_a_stack_the_line_that_raised() -> None:
    said = line(
        correlation_id="request-1",
        xray_trace_id=TRACE,
        reason="two words",
        nothing=None,
        stack=["a:1 in b", "c:2 in d"],
    )
    assert words(said) == 'correlation_id=request-1 reason="two words" raised_at="c:2 in d"'


def test_no_fact_can_move_the_cursor() -> None:
    assert words(line(reason="c\x1b[31md", stack=["e\x1b[2Jf"])).isprintable()


# --- the terminal -----------------------------------------------------------------------------------------------------
def printed(trace: dict[str, Any], width: int = 100, **console: Any) -> str:
    out = StringIO()
    show(Console(file=out, width=width, highlight=False, **console), trace)
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_every_hop_and_its_duration_is_seen_at_any_width(width: int) -> None:
    text = printed(drawn(a_wish()), width)
    rows = {words[0]: line for line in text.splitlines() if (words := line.split()) and words[0] in CHAIN}
    assert list(rows) == CHAIN
    assert "250 ms" in rows["Inbox"]
    assert max(len(line) for line in text.splitlines()[3:]) <= width


def test_bars_are_to_scale() -> None:
    bars = {line.split()[0]: line.count("█") for line in printed(drawn(a_wish()), 200).splitlines()[4:]}
    assert bars["Inbox"] > bars["parser"] > bars["EventStore"] >= 1


def test_a_fault_is_said_in_words_too() -> None:
    documents = a_wish()
    documents[6] |= {"fault": True}
    (worker,) = [line for line in printed(drawn(documents)).splitlines() if line.split()[:1] == ["worker"]]
    assert "FAULT" in worker


def test_an_error_is_told_down_to_the_line_that_raised() -> None:
    documents, append = a_wish(), "infra/event_store.py:56 in append"
    raised = refused_by("StoreUnavailable", "worker/handler.py:57 in board_one", append, "botocore/client.py:1 in call")
    documents[6] |= raised
    documents += [segment(40, "worker", 6, 0.6, 0.7, **raised)]
    text = printed(drawn(documents), width=60)
    told = f"worker: StoreUnavailable at {append}\n    worker/handler.py:57 in board_one\n    {append}\n"
    assert told in text
    assert "2 times" in text
    assert "typed" not in text


def test_no_class_of_an_error_can_move_the_cursor() -> None:
    documents = a_wish()
    documents[6] |= refused_by("a\x1b[2Jb", "c\x1b[31md:1 in e")
    assert "\x1b" not in printed(drawn(documents))


def test_without_colour_there_are_no_escapes() -> None:
    assert "\x1b" not in printed(drawn(a_wish()), force_terminal=True, no_color=True, color_system=None)


def test_what_is_not_complete_says_what_is_missing() -> None:
    assert "no sign yet of EventStore, projector" in printed(drawn([*a_wish()[:6], segment(8, "worker", 7, 0.8, 1.0)]))
    assert "not ended yet" in printed(drawn([*a_wish(), segment(11, "late", 8, 3.0, None)]))


def test_on_aws_the_link_stays_whole() -> None:
    link = f"https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#xray:traces/{TRACE}"
    assert link in printed(drawn(a_wish()) | {"xray_url": link}, width=40)


@pytest.mark.parametrize(("ms", "words"), [(0, "0 ms"), (999, "999 ms"), (2250, "2.25 s"), (200_000, "3 min 20 s")])
def test_durations_read_well(ms: int, words: str) -> None:
    assert duration(ms) == words


# --- what is typed ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        (["logs"], "say a wish id, or --around TIME"),
        (["logs", "±3s"], "say a wish id, or --around TIME"),
        (["logs", WISH, "±3s"], "say a wish id, or --around TIME"),
        (["logs", WISH, WISH], "say a wish id, or --around TIME"),
        (["logs", "--around", "noon"], "'noon' is no moment"),
        (["logs", "--around", "now", "--window", "wide"], "'wide' is no span of time"),
        (["logs", "--around", "now", "±99999999999h"], ""),
        (["logs", "me"], "'me' is not a wish id"),
        (["trace", "me"], "'me' is not a wish id"),
    ],
)
def test_what_makes_no_sense_is_one_plain_line_and_exit_2(typed: list[str], complaint: str) -> None:
    done = CliRunner().invoke(app, typed)
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert done.stdout == ""


def test_with_json_so_is_what_makes_no_sense() -> None:
    done = CliRunner().invoke(app, ["logs", "me", "--json"])
    assert (done.exit_code, "not a wish id" in json.loads(done.stdout)["error"]) == (2, True)
