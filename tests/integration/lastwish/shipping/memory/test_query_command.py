"""The command, as it is typed: over a folder, over the stack that runs here, and what it says when it cannot."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.local.state import Home, State
from lastwish.shipping.memory.statements import queries
from tests.support.recorded_show import RecordedShow


def run(*args: object) -> Any:
    return CliRunner().invoke(app, ["query", *map(str, args)])


@pytest.fixture
def running(show: RecordedShow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stack that runs here: the journal and the log groups of the show."""
    monkeypatch.setenv("LASTWISH_HOME", str(tmp_path))
    monkeypatch.setattr(Home, "running", lambda _: State(url="http://127.0.0.1:8045/"))
    monkeypatch.setattr("lastwish.observe.logs.source", lambda _: show.source())


def test_it_lists_what_is_ready_made() -> None:
    said = run("--list", "--json")
    assert [each["name"] for each in json.loads(said.stdout)["queries"]] == [each.name for each in queries()]
    assert "correlation CORRELATION_ID" in run("--list").stdout


def test_the_stack_that_runs_here_is_asked_and_exported(running: None, show: RecordedShow, tmp_path: Path) -> None:
    here = json.loads(run("markup", "--json").stdout)
    exported = json.loads(run("--export", tmp_path / "memory", "--json").stdout)
    there = json.loads(run("markup", "--over", tmp_path / "memory", "--json").stdout)
    assert here == there
    assert {each["wish_id"] for each in here["rows"]} == {show.wishes["marked"], show.wishes["pressed twice"]}
    assert exported["event_records"] == sum(len(image["events"]["L"]) for image in show.images)
    assert exported["log_records"] > exported["event_records"] / 2


def test_a_parameter_is_bound(parquet: Path, show: RecordedShow) -> None:
    said = run("correlation", "marked", "--over", parquet, "--json")
    assert {each["wish_id"] for each in json.loads(said.stdout)["rows"]} == {show.wishes["marked"]}


def test_a_file_of_ones_own_is_asked(parquet: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.sql").write_text("-- ? DAY: a day\nSELECT count(*) AS n FROM commits WHERE day < ?;")
    assert json.loads(run(tmp_path / "mine.sql", "2999-01-01", "--over", parquet, "--json").stdout)["rows"] == [
        {"n": 10}
    ]


def test_a_table_is_shown_and_what_was_left_out_is_said(parquet: Path) -> None:
    said = run("failures", "--over", parquet, "--limit", "1")
    assert "line_count" in said.stdout
    assert "--limit reads more" in said.stderr


@pytest.mark.parametrize("terminal", ["0", "1"])
@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("SELECT wish_id, 'lettuce ' || 'and cress ' || repeat('and basil ', 9) AS said FROM events", "│ {} │"),
        ("SELECT * FROM events", "│ {} │"),
    ],
)
def test_an_id_is_whole_in_a_pipe_and_at_a_terminal(
    parquet: Path,
    show: RecordedShow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sql: str,
    line: str,
    terminal: str,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TTY_COMPATIBLE", terminal)
    (tmp_path / "mine.sql").write_text(sql)
    said = run(tmp_path / "mine.sql", "--over", parquet).stdout
    as_lines = terminal == "1" and "*" in sql
    assert ("wish_id: {}\n" if as_lines else line).format(show.wishes["marked"]) in said
    if terminal == "1" and not as_lines:
        assert len(said.splitlines()[-1]) <= 80


def test_nothing_found_is_said(parquet: Path) -> None:
    said = run("correlation", "unknown", "--over", parquet)
    assert (said.exit_code, said.stdout, said.stderr) == (0, "", "no rows\n")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "say one query, or --export FOLDER; lastwish query --list shows the ready-made ones"),
        (["markup", "--list"], "say one query"),
        (["markup", "--stack", "prod", "--over", "."], "leave out --over, --export and --list"),
        (["nothing"], "'nothing' is no ready-made query, nor a file that can be read: [Errno 2]"),
        (["correlation"], "correlation takes CORRELATION_ID: lastwish query correlation CORRELATION_ID"),
        (["markup", "--over", "/nowhere"], "has no Parquet of the long memory: lastwish query --export /nowhere"),
    ],
)
def test_a_wrong_command_line_says_the_next_step(args: list[str], words: str) -> None:
    said = run(*args, "--json")
    assert said.exit_code == 2
    assert words in json.loads(said.stdout)["error"]


def test_a_statement_that_is_wrong_is_named_without_its_text(parquet: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.sql").write_text("SELECT nothing FROM wishes")
    said = run(tmp_path / "wrong.sql", "--over", parquet, "--json")
    assert said.exit_code == 2
    assert "wrong.sql: Binder Error" in json.loads(said.stdout)["error"]
    assert "LINE 1" not in said.stdout


def test_a_folder_that_holds_something_is_not_overwritten(running: None, parquet: Path) -> None:
    said = run("--export", parquet, "--json")
    assert (said.exit_code, json.loads(said.stdout)["error"]) == (2, f"{parquet} is not empty: name a new folder")


def test_a_folder_that_cannot_be_written_is_a_plain_error(running: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = run("--export", tmp_path / "file" / "in", "--json")
    assert (said.exit_code, "cannot write to" in json.loads(said.stdout)["error"]) == (1, True)


def test_parquet_that_is_none_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "events" / "day=2045-01-01").mkdir(parents=True)
    (tmp_path / "events" / "day=2045-01-01" / "x.parquet").write_text("none")
    said = run("markup", "--over", tmp_path, "--json")
    assert said.exit_code == 1
    assert f"cannot read the Parquet in {tmp_path}" in json.loads(said.stdout)["error"]


def test_without_duckdb_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    said = run("markup", "--over", tmp_path, "--json")
    assert "run `make setup`" in json.loads(said.stdout)["error"]
