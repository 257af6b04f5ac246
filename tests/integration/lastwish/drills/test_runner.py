"""A drill begins on a stack at rest only."""

from pathlib import Path

import pytest

from lastwish.drills import runner, stranger
from lastwish.errors import AwsError, DrillRefused
from lastwish.maintenance.dlq import DEAD
from tests.support.engine_in_process import Engine
from tests.support.engine_site import EngineSite


@pytest.mark.parametrize("queue", DEAD)
def test_a_dead_letter_in_any_queue_refuses_a_drill(engine: Engine, tmp_path: Path, queue: str) -> None:
    for each in DEAD:
        engine.client("sqs", "commands", read_timeout=30).create_queue(QueueName=each)
    engine.send(queue)
    with pytest.raises(DrillRefused, match="1 dead letters wait"):
        runner.check(EngineSite(engine, tmp_path))


def test_what_a_drill_left_that_was_killed_refuses_none_and_other_letters_stay(engine: Engine, tmp_path: Path) -> None:
    for each in ("Inbox", *DEAD):
        engine.client("sqs", "commands", read_timeout=30).create_queue(QueueName=each)
    site = EngineSite(engine, tmp_path)
    stranger.send(site)
    [ours] = engine.take("Inbox")
    theirs = ours.replace("drill", "letter")
    for body in (ours, theirs):
        engine.send("InboxDlq", body)
    with pytest.raises(DrillRefused, match="1 dead letters wait"):
        runner.check(site)
    assert engine.take("InboxDlq") == [theirs]


def test_a_queue_that_does_not_answer_is_said_in_words(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(AwsError, match="does not answer as it should"):
        runner.check(EngineSite(engine, tmp_path))
