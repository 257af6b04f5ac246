"""What an answer that was given beforehand, `--confirm ENV`, answers, and what it does not."""

import io

import pytest

from lastwish.commands.answer import Answer
from lastwish.commands.deploy import _confirm
from lastwish.shipping.deploying.steps import Question

HARMLESS = Question("staging", "Change lastwish-staging", ["adds a queue"], by_name=False)
OF_PROD = Question("prod", "Change lastwish-prod", ["adds a queue"], by_name=True)
LOSSES = Question("prod", "Change lastwish-prod", ["DANGER: what is in EventStore would be lost"], True, losses=True)


@pytest.fixture(autouse=True)
def nobody_at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())


@pytest.mark.parametrize(
    ("question", "given", "accept_losses", "expected"),
    [
        (HARMLESS, "staging", False, True),
        (HARMLESS, None, False, False),
        (OF_PROD, "prod", False, True),
        (OF_PROD, "staging", False, False),
        (LOSSES, "prod", False, False),
        (LOSSES, "prod", True, True),
        (LOSSES, "staging", True, False),
        (LOSSES, None, True, False),
    ],
)
def test_losses_have_to_be_accepted_besides(
    question: Question, given: str | None, accept_losses: bool, expected: bool
) -> None:
    assert _confirm(question, given, accept_losses or not question.losses, Answer(as_json=True)) is expected


def test_who_cannot_be_asked_is_told_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    _confirm(LOSSES, "prod", False, Answer(as_json=False))
    said = capsys.readouterr().err
    assert "EventStore would be lost" in said
    assert "--accept-losses" in said
    _confirm(OF_PROD, None, True, Answer(as_json=False))
    said = capsys.readouterr().err
    assert "--confirm with the environment's name" in said
    assert "--accept-losses" not in said


@pytest.mark.parametrize("question", [HARMLESS, OF_PROD])
def test_the_end_of_what_is_typed_is_a_no(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert _confirm(question, None, True, Answer(as_json=False)) is False
