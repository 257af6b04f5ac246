"""What a person gets who types something wrong: the next step in words, or one JSON object, and exit code 2."""

import json
import shlex
import sys
from pathlib import Path

import pytest
import typer

from lastwish import cli
from lastwish.drills.catalogue import DRILLS
from lastwish.errors import UsageError, did_you_mean

WISH = "2b0fb8a1-6a55-4f2c-8a09-3e2d1c0b9a87"
EMPTY_AWS = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none"}


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without a stack, and an account without credentials or region."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**EMPTY_AWS, "LASTWISH_HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def typed(monkeypatch: pytest.MonkeyPatch, line: str) -> int:
    """Run the console script as the shell does, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["lastwish", *shlex.split(line)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("line", "error", "step"),
    [
        ("statsu", "Did you mean 'status'", "`lastwish --help`"),
        ("status --stak x", "No such option: --stak", "`lastwish status --help`"),
        ("submit hi --to venus", "'--to'", "`lastwish submit --help`"),
        ("submit --to mars", "Missing argument", "`lastwish submit --help`"),
        ("up --port 70000", "Invalid value for '--port'", "`lastwish up --help`"),
        ("up --address 10.0.0.1", "goes with --lan", "`lastwish up --help`"),
        ("load --profile nobody", "rehearsal", "`lastwish load --help`"),
        ("operator add 'two words'", "one word", "`lastwish operator add --help`"),
        ("drill store-throtles", "did you mean store-throttles?", "--help"),
        ("drill", "say one of", "--help"),
        ("show none.yaml", "none.yaml cannot be read", "docs/show.md"),
    ],
)
def test_bad_usage_is_one_object_with_the_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, error: str, step: str
) -> None:
    assert typed(monkeypatch, f"{line} --json") == 2
    said = capsys.readouterr()
    facts = json.loads(said.out)
    assert error in facts["error"]
    assert step in facts["next_step"]
    assert said.err.startswith("lastwish: ")


@pytest.mark.parametrize("line", ["statsu", "status --stak x", "submit hi --to venus", "drill store-throtles"])
def test_without_json_nothing_is_on_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    assert typed(monkeypatch, line) == 2
    said = capsys.readouterr()
    assert not said.out
    assert "help" in said.err or "-h" in said.err


@pytest.mark.parametrize(
    ("line", "step"),
    [
        (f"history {WISH}", "`lastwish up`"),
        ("audit", "`lastwish up`"),
        ("faults", "`lastwish up`"),
        ("submit hi --to mars", "`lastwish up`"),
        ("play tape.jsonl", "`lastwish record FILE`"),
        ("status --stack x", "AWS_DEFAULT_REGION"),
    ],
)
def test_what_is_not_there_has_a_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, step: str
) -> None:
    assert typed(monkeypatch, f"{line} --json") == 1
    said = capsys.readouterr()
    assert step in json.loads(said.out)["next_step"]


def test_without_credentials_it_says_how_to_sign_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert typed(monkeypatch, "audit --stack x") == 1
    assert "next: sign in" in capsys.readouterr().err


def test_good_usage_with_json_ends_as_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "down --json") == 0
    assert json.loads(capsys.readouterr().out) == {"running": False, "stopped": []}


def test_a_question_without_an_answer_is_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asking = typer.Typer()

    @asking.command()
    def ask(as_json: bool = typer.Option(False, "--json")) -> None:
        raise typer.Abort

    monkeypatch.setattr(cli, "app", asking)
    assert typed(monkeypatch, "--json") == 130
    assert json.loads(capsys.readouterr().out)["next_step"]


def test_the_nearest_name_is_asked_for_and_no_far_one() -> None:
    assert did_you_mean("jupitr", ["mars", "jupiter"]) == " (did you mean jupiter?)"
    assert not did_you_mean("venus", ["mars", "jupiter"])


def test_an_error_says_its_step_below_the_message() -> None:
    assert UsageError("no").words() == f"no\n  next: {UsageError.next_step}"


@pytest.mark.parametrize(
    ("words", "known"),
    [("lastwish drill sto", {"store-throttles", "store-refuses"}), ("lastwish submit hi --to j", {"jupiter"})],
)
def test_the_shell_completes_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, known: set[str]
) -> None:
    completed = {"_LASTWISH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    for name, value in completed.items():
        monkeypatch.setenv(name, value)
    assert typed(monkeypatch, "") == 0
    assert set(capsys.readouterr().out.split()) == known


def test_the_names_of_drills_are_those_of_the_catalogue() -> None:
    from lastwish.drills.names import NAMES

    assert sorted(NAMES) == sorted(drill.name for drill in DRILLS)
