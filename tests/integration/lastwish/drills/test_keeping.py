"""Faults and the pace of alarms last as long as whoever holds them."""

import time

import httpx
import pytest

from lastwish.aws.clients import Endpoint
from lastwish.drills import keeping
from lastwish.errors import EngineFailed
from lastwish.local import faults
from lastwish.local.door import KEY_HEADER
from lastwish.local.engine import pace
from lastwish.local.engine.alarms import PACE
from lastwish.local.faults import Fault
from tests.support.engine_in_process import KEY, Engine

TWO = (Fault(kind="crash", caller="worker"), Fault(kind="crash", caller="parser"))


def callers(engine: Engine) -> list[str]:
    return [each.fault.caller for each in faults.active(engine.endpoint)]


def test_faults_are_there_in_the_block_and_gone_after_it(engine: Engine) -> None:
    with keeping.kept_faults(engine.endpoint, TWO):
        assert callers(engine) == ["worker", "parser"]
    assert callers(engine) == []


def test_faults_are_gone_when_the_block_is_interrupted(engine: Engine) -> None:
    with pytest.raises(KeyboardInterrupt), keeping.kept_faults(engine.endpoint, TWO):
        raise KeyboardInterrupt
    assert callers(engine) == []


def test_a_fault_is_renewed_and_stays_the_same_one(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LIFE", 1.0)
    monkeypatch.setattr(keeping, "RENEWED", 0.1)
    with keeping.kept_faults(engine.endpoint, TWO):
        before = faults.active(engine.endpoint)
        time.sleep(1.5)
        assert [each.id for each in faults.active(engine.endpoint)] == [each.id for each in before]


def test_a_fault_that_nobody_renews_is_over_after_its_life(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LIFE", 0.5)
    with keeping.kept_faults(engine.endpoint, TWO):
        time.sleep(0.6)
        assert callers(engine) == []


def test_alarms_run_faster_in_the_block_only(engine: Engine) -> None:
    with keeping.kept_pace(engine.endpoint, 12):
        assert PACE.times == 12
    assert PACE.times == 1


def test_what_is_no_pace_is_refused_in_words(engine: Engine) -> None:
    with pytest.raises(EngineFailed, match="a pace is 1 to 60"), keeping.kept_pace(engine.endpoint, 61):
        pass
    headers = {KEY_HEADER: KEY}
    for document in ("{}", '{"times": "fast", "seconds": 1}', "["):
        assert httpx.put(engine.endpoint.url + pace.PATH, content=document, headers=headers).status_code == 400


def test_an_engine_that_is_gone_has_no_fault_to_end() -> None:
    with pytest.raises(EngineFailed), keeping.kept_faults(Endpoint("http://127.0.0.1:9", KEY), TWO):
        pass
