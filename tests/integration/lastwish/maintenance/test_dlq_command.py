"""Commands about dead letters, typed on moto."""

from functools import partial

import pytest
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.commands import dlq
from lastwish.local.proxy.ledger import read
from tests.support import faults
from tests.support.chain import Chain
from tests.support.mixed_letters import MixedLetters


def test_where_nobody_can_count_what_is_left_it_is_said_in_words(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.ledger.touch()
    MixedLetters(chain.aws.sqs, chain.aws.urls, chain.ledger).stranger("PodsDlq")
    monkeypatch.setattr(dlq, "_where", lambda _: (chain.stores, partial(read, chain.ledger)))
    # Reading the store is the last thing that the audit does.
    fail = partial(faults.fails, chain.aws.sqs, "sqs.GetQueueAttributes", "InternalError")
    faults.meanwhile(chain.aws.dynamodb, "dynamodb.Scan", fail)
    said = CliRunner().invoke(app, ["dlq", "park", "--reason", "seen", "--settle", "0"])
    assert said.exit_code == 1
    assert "lastwish: AWS, or the engine in its place, does not answer as it should" in said.stderr
