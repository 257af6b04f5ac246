"""Drills that must fail, and what is left of one that was killed: nothing."""

import os
import signal
from dataclasses import replace
from typing import Any

import pytest

from lastwish.drills import runner
from lastwish.drills.catalogue import find
from lastwish.drills.drill import Drill, Undo
from lastwish.drills.result import Result
from lastwish.local import faults
from lastwish.site import LocalSite, Site
from tests.support.laptop import Stack, wait_until

THROTTLED = replace(find("store-throttles"), symptoms=())


@pytest.fixture
def site(calm: Stack, monkeypatch: pytest.MonkeyPatch) -> LocalSite:
    monkeypatch.setenv("LASTWISH_HOME", str(calm.home))
    return LocalSite()


def run(site: LocalSite, drill: Drill, patience: float) -> Result:
    return runner.run(drill, site, runner.Options(short=True, patience=patience))


def test_a_drill_whose_fault_does_nothing_fails_since_no_alarm_rings(site: LocalSite) -> None:
    result = run(site, replace(THROTTLED, faults=()), patience=3)
    assert (result.ok, result.alarm, result.missing) == (False, None, ["the alarm store-throttles did not ring"])


def test_a_drill_fails_when_another_alarm_rings(site: LocalSite) -> None:
    result = run(site, replace(THROTTLED, faults=find("store-refuses").faults), patience=25)
    assert not result.ok
    assert result.others == ["store-refuses"]


def test_a_drill_fails_when_a_symptom_does_not_show(site: LocalSite) -> None:
    never = find("html-injection").symptoms[:1]
    result = run(site, replace(find("venue-wifi"), symptoms=never), patience=3)
    assert not result.ok
    assert never[0].words in result.missing[0]


def test_a_drill_fails_when_a_wish_is_lost(site: LocalSite, calm: Stack) -> None:
    table, lost = calm.outputs["EventStoreName"], dict[str, Any]()

    def lose(site: Site) -> Undo:
        def undo() -> None:
            [item] = site.client("dynamodb").scan(TableName=table, Limit=1)["Items"]
            lost.update(item)
            key = {name: item[name] for name in ("stream", "version")}
            site.client("dynamodb").delete_item(TableName=table, Key=key)

        return undo

    try:
        result = run(site, replace(find("venue-wifi"), act=lose, symptoms=()), patience=3)
    finally:
        calm.aws("dynamodb").put_item(TableName=table, Item=lost)
    assert not result.ok
    assert result.lost == 1
    assert "nowhere to be found" in "\n".join(result.missing)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_a_drill_that_is_ended_leaves_no_fault(calm: Stack, number: signal.Signals) -> None:
    process = calm.laptop.start("drill", "store-refuses", "--short", "--for", "10min", "--json")
    assert wait_until(lambda: faults.active(calm.endpoint))
    os.kill(process.pid, number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 130)
    assert number == signal.SIGKILL or (faults.active(calm.endpoint) == [] and "undone" in out)
    assert wait_until(lambda: not faults.active(calm.endpoint))
    assert calm.run("retry").returncode == 0
    assert calm.run("audit", "--settle", "60").returncode == 0
