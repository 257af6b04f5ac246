"""How commands speak: JSON on stdout alone, words for people, a plain line and an exit code for what went wrong."""

import json
from importlib import import_module

import pytest

from lastwish.commands.answer import Answer
from lastwish.errors import CommandError, DeployFailed, Interrupted
from tests.support import ROOT


def test_json_is_one_object_on_stdout_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with Answer(as_json=True) as answer:
        answer.note("working on it")
        answer.give({"running": True}, "it runs")

    assert json.loads(capsys.readouterr().out) == {"running": True}


def test_without_json_it_is_words(capsys: pytest.CaptureFixture[str]) -> None:
    with Answer(as_json=False) as answer:
        answer.give({"running": True}, "it runs", "at port 1")

    assert capsys.readouterr().out == "it runs\nat port 1\n"


def test_what_went_wrong_is_a_line_with_the_next_step_and_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_, Answer(as_json=True):
        raise DeployFailed("sam deploy failed: [bold]no[/bold]", running=False)

    said = capsys.readouterr()
    facts = {"error": "sam deploy failed: [bold]no[/bold]", "next_step": DeployFailed.next_step, "running": False}
    assert json.loads(said.out) == facts
    assert said.err == f"lastwish: sam deploy failed: [bold]no[/bold]\n  next: {DeployFailed.next_step}\n"
    assert exit_.value.code == 1


def test_a_message_with_a_command_is_its_own_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), Answer(as_json=False):
        raise DeployFailed("nothing is built: `make build`")
    assert capsys.readouterr().err == "lastwish: nothing is built: `make build`\n"


def test_who_raises_it_may_know_a_better_step(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), Answer(as_json=True):
        raise DeployFailed("no", next_step="wait")
    assert json.loads(capsys.readouterr().out) == {"error": "no", "next_step": "wait"}


def test_an_interruption_has_the_exit_code_of_one() -> None:
    with pytest.raises(SystemExit) as exit_, Answer(as_json=False):
        raise Interrupted("interrupted")
    assert exit_.value.code == 130


def test_a_mistake_of_ours_stays_a_traceback() -> None:
    with pytest.raises(ZeroDivisionError), Answer(as_json=True):
        raise ZeroDivisionError


def _all_below(error: type[CommandError]) -> set[type[CommandError]]:
    return {error}.union(*(_all_below(each) for each in error.__subclasses__()))


def test_no_failure_exits_with_success() -> None:
    assert all(error.exit_code > 0 for error in _all_below(CommandError))


def test_each_error_names_a_next_step() -> None:
    for file in (ROOT / "lastwish").rglob("errors.py"):
        import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    assert [error.__name__ for error in _all_below(CommandError) if not error.next_step] == ["CommandError"]
