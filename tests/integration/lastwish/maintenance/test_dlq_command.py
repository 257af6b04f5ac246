"""Commands about dead letters, typed on moto."""

import signal
from collections.abc import Iterator
from functools import partial

import pytest
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.commands import dlq
from lastwish.local.proxy.ledger import read
from tests.support import faults
from tests.support.chain import Chain
from tests.support.mixed_letters import MixedLetters


@pytest.fixture
def letters(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> MixedLetters:
    chain.ledger.touch()
    monkeypatch.setattr(dlq, "_where", lambda _: (chain.stores, partial(read, chain.ledger)))
    return MixedLetters(chain.aws.sqs, chain.aws.urls, chain.ledger)


@pytest.fixture(params=[signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def number(request: pytest.FixtureRequest) -> Iterator[int]:
    """A signal that does nothing to this process, unless the command handles it."""
    before = signal.signal(request.param, signal.SIG_IGN)
    yield request.param
    signal.signal(request.param, before)


@pytest.mark.parametrize(
    "typed", [["redrive", "--class", "stranger"], ["park", "--reason", "seen"]], ids=["redrive", "park"]
)
def test_who_ends_it_sees_the_letters_that_are_left_again(
    chain: Chain, letters: MixedLetters, number: int, typed: list[str]
) -> None:
    for _ in range(3):
        letters.stranger("PodsDlq")
    faults.meanwhile(chain.aws.sqs, "sqs.DeleteMessage", partial(signal.raise_signal, number))
    said = CliRunner().invoke(app, ["dlq", *typed, "--settle", "0"])
    assert said.exit_code == 130
    assert "lastwish: interrupted: letters are shown again\n" in said.stderr
    assert len(chain.aws.messages("PodsDlq")) == 3


def test_what_is_only_on_its_way_is_said_so(chain: Chain, letters: MixedLetters) -> None:
    letters.transient("PodsDlq")
    said = CliRunner().invoke(app, ["dlq", "redrive", "--settle", "0"])  # sent back, and nobody takes it here
    assert said.exit_code == 1
    assert "wishes or letters are on their way; `lastwish audit` again in a moment" in said.stdout
    letters.hostile("PodsDlq")
    said = CliRunner().invoke(app, ["dlq", "redrive", "--settle", "0"])
    assert "differences: `lastwish audit` names them" in said.stdout


def test_where_nobody_can_count_what_is_left_it_is_said_in_words(chain: Chain, letters: MixedLetters) -> None:
    letters.stranger("PodsDlq")
    # Reading the store is the last thing that the audit does.
    fail = partial(faults.fails, chain.aws.sqs, "sqs.GetQueueAttributes", "InternalError")
    faults.meanwhile(chain.aws.dynamodb, "dynamodb.Scan", fail)
    said = CliRunner().invoke(app, ["dlq", "park", "--reason", "seen", "--settle", "0"])
    assert said.exit_code == 1
    assert "lastwish: AWS, or the engine in its place, does not answer as it should" in said.stderr
