"""State directory: its records of what runs, and its lock."""

import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lastwish.aws.operators import Operator
from lastwish.cli import app
from lastwish.errors import AlreadyRunning, DrillRefused, NotRunning, TemplateError
from lastwish.local.processes import ProcessId
from lastwish.local.stack import LocalStack
from lastwish.local.state import Home, PutBack, State
from tests.support import ROOT

PRESENTER = Operator("presenter", "a secret")
US, GONE = ProcessId.of(os.getpid()), ProcessId(os.getpid(), 1.0)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def test_a_saved_state_is_loaded_unchanged(home: Home) -> None:
    parts = {"engine": ProcessId(3, 4.5)}
    state = State("http://127.0.0.1:1/", "http://127.0.0.1:2", {"InboxUrl": "q"}, parts, True, "http://x:1/", PRESENTER)
    home.save(state)

    assert home.load() == state


def test_a_state_that_an_older_version_saved_can_be_loaded(home: Home) -> None:
    home.state_file.write_text(
        '{"url": "http://127.0.0.1:1/", "engine": "", "outputs": {}, "processes": {}, "ready": true}'
    )

    assert home.load() == State("http://127.0.0.1:1/", ready=True)


def test_only_its_owner_may_read_the_password(home: Home) -> None:
    home.save(State("http://127.0.0.1:1/", operator=PRESENTER))

    assert home.state_file.stat().st_mode & 0o077 == 0
    assert "a secret" in home.state_file.read_text()
    assert "a secret" not in repr(home.load())


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '{"url": 5, "processes": {}}',
        '{"url": "x", "processes": {"engine": {"pid": -5, "create_time": 1}}}',
        '{"url": "x"}',
        '{"url": "x", "processes": {}, "new": 1}',
    ],
)
def test_a_file_that_is_no_state_counts_as_nothing(home: Home, stored: str) -> None:
    home.state_file.write_text(stored)

    assert home.load() is None


def test_two_commands_cannot_both_start(home: Home) -> None:
    with home.lock(), pytest.raises(AlreadyRunning), Home(home.path).lock():
        pass


def test_two_commands_cannot_both_break_a_stack_but_one_may_be_emptied_meanwhile(home: Home) -> None:
    with home.breaking(), Home(home.path).lock(), pytest.raises(DrillRefused), Home(home.path).breaking():
        pass


@pytest.mark.parametrize(
    "typed", [["sold-out"], ["--all"], ["--schedule", "1", "--every", "1s"], ["--exam"]], ids=" ".join
)
def test_a_drill_is_refused_in_words_while_another_runs(
    home: Home, monkeypatch: pytest.MonkeyPatch, typed: list[str]
) -> None:
    monkeypatch.setenv("LASTWISH_HOME", str(home.path))
    home.save(State("http://127.0.0.1:9/", "http://127.0.0.1:9", ready=True))
    with home.breaking():
        said = CliRunner().invoke(app, ["drill", *typed])

    assert said.exit_code == 1
    assert "a drill or a show runs on this stack already" in said.stderr


def test_the_lock_is_free_after_its_holder_is_done(home: Home) -> None:
    with home.lock():
        pass
    with home.lock():
        assert True


def test_nobody_else_may_read_what_people_typed(home: Home) -> None:
    assert home.path.stat().st_mode & 0o077 == 0


def test_the_environment_chooses_the_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LASTWISH_HOME", str(tmp_path / "second"))

    assert Home.from_environment().path == tmp_path / "second"


def test_the_facts_have_every_page_and_part() -> None:
    state = State(
        "http://127.0.0.1:1/",
        "http://127.0.0.1:2",
        {"A": "b"},
        {"proxy": ProcessId(3, 4.5)},
        xray="http://127.0.0.1:4",
        key="LWKEY",
    )

    assert state.facts() == {
        "url": "http://127.0.0.1:1/",
        "wall": "http://127.0.0.1:1/wall",
        "console": "http://127.0.0.1:1/console",
        "lan": None,
        "operator": None,
        "engine": "http://127.0.0.1:2",
        "xray": "http://127.0.0.1:4",
        "credentials": {"access_key_id": "LWKEY", "secret_access_key": "signatures-are-not-checked"},
        "outputs": {"A": "b"},
        "pids": {"proxy": 3},
        "restarts": [],
    }


def test_on_a_network_the_audience_has_an_address_there_and_the_operator_here() -> None:
    state = State("http://127.0.0.1:1/", lan="http://192.0.2.2:1/", operator=PRESENTER)

    assert (state.public, state.facts()["lan"]) == ("http://192.0.2.2:1/", "http://192.0.2.2:1/")
    assert state.facts()["console"] == "http://127.0.0.1:1/console"
    assert state.facts()["operator"] == {"username": "presenter", "password": "a secret"}


def test_a_second_up_says_where_the_first_one_runs(home: Home) -> None:
    home.save(
        State("http://127.0.0.1:1/", processes=dict.fromkeys(("engine", "agent", "proxy", "watcher"), US), ready=True)
    )

    with pytest.raises(AlreadyRunning, match=r"already running at http://127\.0\.0\.1:1/"):
        LocalStack(home).up(0)


def test_an_up_while_the_watcher_works_leaves_it_to_it(home: Home) -> None:
    home.save(State("http://127.0.0.1:1/", processes={"engine": GONE, "proxy": US, "watcher": US}, ready=True))

    with pytest.raises(AlreadyRunning, match="are being started again: wait"):
        LocalStack(home).up(0)


def test_an_up_that_cannot_work_leaves_a_crashed_stack_as_it_was(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.save(State("http://127.0.0.1:1/", processes={"engine": GONE}, ready=True))
    monkeypatch.setenv("LASTWISH_TEMPLATE", str(tmp_path / "none.yaml"))

    with pytest.raises(TemplateError):
        LocalStack(home).up(0)
    assert home.load() == State("http://127.0.0.1:1/", processes={"engine": GONE}, ready=True)


def test_a_template_without_its_nested_one_is_refused_before_anything_starts(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "template.yaml").write_text((ROOT / "template.yaml").read_text())
    monkeypatch.setenv("LASTWISH_TEMPLATE", str(tmp_path / "template.yaml"))

    with pytest.raises(TemplateError, match=r"edge\.yaml"):
        LocalStack(home).up(0)


def test_down_without_up_stops_nothing(home: Home) -> None:
    assert LocalStack(home).down() == []


def test_a_stack_that_was_never_ready_is_not_running(home: Home) -> None:
    home.save(State("http://127.0.0.1:1/"))

    with pytest.raises(NotRunning, match="it is being started"):
        home.running()


def test_only_down_forgets_the_wishes_and_it_puts_the_ledger_aside(home: Home) -> None:
    for file in (home.journal, home.ledger):
        file.write_text("a line\n")
    LocalStack(home).down()
    assert not home.journal.exists()
    assert [file.read_text() for file in home.path.glob("ledger*")] == ["a line\n"]
    assert not home.ledger.exists()


def test_what_was_started_again_is_remembered(home: Home) -> None:
    home.save(State("http://127.0.0.1:1/"))
    LocalStack(home).remember("agent", "died", PutBack())
    LocalStack(home).remember("engine", "died", "it was not started: no port")

    state = home.load()
    assert state
    assert [str(each) for each in state.restarts] == [
        "the agent died: started again",
        "the engine died: it was not started: no port",
    ]


def test_the_logs_say_where_a_part_was_started_again(home: Home) -> None:
    home.log("engine").write_text("before\n")
    home.mark_logs("the engine died")

    assert re.fullmatch(r"before\n--- \S+ the engine died: started again\n", home.log("engine").read_text())
