"""A drill begins on a stack at rest only."""

from pathlib import Path

import pytest

from lastwish.drills import runner, stranger
from lastwish.errors import AwsError, DrillRefused
from lastwish.local.state import Home, State
from lastwish.maintenance.dlq import DEAD
from lastwish.site import LocalSite
from tests.support.engine_in_process import KEY, Engine, url_of


class EngineSite(LocalSite):
    """A stack of which only the dead-letter queues are there."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self.home = Home(home)
        outputs = {f"{queue}Url": url_of(queue) for queue in ("Inbox", *DEAD)}
        self.state = State("http://127.0.0.1:9/", engine.endpoint.url, outputs, key=KEY, xray="http://127.0.0.1:9")

    def physical_ids(self, kind: str | None = None) -> dict[str, str]:
        return {}


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
