"""What a show does to a stack is undone at its end, whatever fails on the way."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lastwish.local import faults, stage
from lastwish.local.faults import Fault
from lastwish.show.clock import Clock
from lastwish.show.performance import Performance
from lastwish.show.sheet import Cue, Show
from lastwish.show.stagehand import Stagehand
from tests.support.engine_in_process import Engine
from tests.support.engine_site import EngineSite

BREAKS = Cue(name="it-breaks", title="It breaks", minutes=1, say="Oh.", fault=Fault("crash", "worker"))
SHOW = Show(title="A talk", cues=[BREAKS])


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Iterator[EngineSite]:
    site = EngineSite(engine, tmp_path)
    yield site
    if site.home.stage.is_dir():
        site.home.stage.rmdir()
    stage.clear(site.home)


def damage(site: EngineSite) -> None:
    """Let no file of the stage be read or written."""
    site.home.stage.unlink(missing_ok=True)
    site.home.stage.mkdir()


def test_all_of_it_ends_where_the_stage_cannot_be_cleared(site: EngineSite) -> None:
    ended = list[str]()
    with suppress(OSError), Stagehand(site, SHOW, hall=True) as hand:
        hand.begin(BREAKS)
        assert len(faults.active(site.state.aws)) == 1
        hand._load.callback(ended.append, "the load")
        damage(site)
    assert (faults.active(site.state.aws), ended) == ([], ["the load"])


def test_a_stage_that_cannot_be_written_is_noted_and_the_show_goes_on(site: EngineSite) -> None:
    ended = list[str]()
    with Stagehand(site, SHOW, hall=True) as hand:
        performance = Performance(SHOW, hand, None, Clock(SHOW), 0)  # type: ignore[arg-type]
        hand._load.callback(ended.append, "the load")
        damage(site)
        with performance.noting():
            hand.strike()
        assert (ended, "Is a directory" in performance.note) == (["the load"], True)
        site.home.answers.write_bytes(b"this is no database, and never was one")
        with performance.noting():
            stage.take_orders(site.home)
        assert "not a database" in performance.note
        site.home.stage.rmdir()
