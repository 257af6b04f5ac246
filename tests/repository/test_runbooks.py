"""The runbooks: one for each failure mode, all alike; what they, and pages for newcomers, say to type can be typed."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from lastwish.cli import app
from observability.failures import CATALOGUE, FailureMode
from tests.support import ROOT

RUNBOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))
HEADINGS = ["What the audience sees", "Confirm", "Stop the harm", "Mend", "Afterwards"]

each_mode = pytest.mark.parametrize("mode", CATALOGUE, ids=lambda mode: mode.name)
NEWCOMERS = ("faq", "make-it-yours", "well-architected", "twelve-factor")
PAGES = [*RUNBOOKS, *(ROOT / f"docs/{name}.md" for name in NEWCOMERS)]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def headings(text: str, level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+)$", prose(text), flags=re.MULTILINE)


def commands_of(text: str) -> list[list[str]]:
    """The words after `lastwish` of each command line, in blocks and in between."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += [" ".join(each.split()) for each in re.findall(r"`(lastwish [^`]+)`", prose(text))]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("lastwish ")]


def parse(words: list[str]) -> None:
    """Parse as the CLI does, without running anything. Raises what it raises."""
    command = typer.main.get_command(app)
    context = command.make_context("lastwish", list(words))
    while isinstance(command, TyperGroup):
        _, found, rest = command.resolve_command(context, words)
        assert found is not None
        command, words = found, rest
        context = command.make_context(command.name, list(words), parent=context)


@each_mode
def test_a_runbook_has_all_five_headings_in_order(mode: FailureMode) -> None:
    text = (ROOT / mode.runbook).read_text()
    assert headings(text, 1) == [mode.title]
    assert headings(text, 2) == HEADINGS


@each_mode
def test_a_runbook_names_the_alarms_that_lead_to_it(mode: FailureMode) -> None:
    above = " ".join((ROOT / mode.runbook).read_text().split("## ")[0].split())
    for alarm in mode.alarms:  # `credentials-refused-frontend`, `-parser` …
        assert f"`{alarm}`" in above or f"`{alarm.removeprefix('credentials-refused')}`" in above


@each_mode
def test_a_runbook_names_its_drill(mode: FailureMode) -> None:
    assert f"`lastwish drill {mode.drill}`" in (ROOT / mode.runbook).read_text().split("## ")[0]


def test_no_runbook_is_left_that_no_mode_has() -> None:
    assert {path.stem for path in RUNBOOKS} - {"README"} == {mode.name for mode in CATALOGUE}


@each_page
def test_every_command_can_be_typed(page: Path) -> None:
    commands = commands_of(page.read_text())
    assert commands
    for words in commands:
        parse(words)


@each_page
def test_dead_letters_need_no_aws_cli(page: Path) -> None:
    verbs = "receive-message|send-message|delete-message|purge-queue|message-move-task"
    assert not re.search(rf"aws sqs (?:{verbs}|\S+ --queue-url \S+ \w*Dlq)", page.read_text())


@pytest.mark.parametrize("line", ["lastwish audit --loudly", "lastwish audti", "lastwish submit hello --to venus"])
def test_a_command_that_cannot_be_typed_is_found_out(line: str) -> None:
    [words] = commands_of(f"```sh\n{line}   # a word\n```")
    with pytest.raises(Exception, match=r"No such (option|command)|is not one of"):
        parse(words)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs/comparison.md"], ids=lambda path: path.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
        target = (page.parent / link).resolve() if link else page
        assert target.is_file(), link
        titles = headings(target.read_text(), 2) if target.suffix == ".md" else []
        assert not anchor or anchor in [re.sub(r"[^\w]+", "-", each.lower()) for each in titles]
