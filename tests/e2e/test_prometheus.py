"""A real Prometheus scrapes the stack, and its alerts fire in a drill: those of CloudWatch, and no others."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lastwish.drills.catalogue import find
from tests.support.laptop import Stack, wait_until
from tests.support.prometheus import INSTALLED, Prometheus, promtool, running

pytestmark = INSTALLED


@pytest.fixture(scope="module")
def folder(calm: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `lastwish prometheus` wrote, at the pace of a short drill."""
    into = tmp_path_factory.mktemp("watched") / "by prometheus"
    done = calm.run("prometheus", str(into), "--pace", "12", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["config"] == str(into / "prometheus.yml")
    return into


@pytest.fixture(scope="module")
def prometheus(folder: Path) -> Iterator[Prometheus]:
    with running(folder / "prometheus.yml", folder / "data") as found:
        yield found


def test_what_the_command_writes_is_right_and_its_credentials_are_the_owners_alone(folder: Path) -> None:
    checked = promtool("check", "config", str(folder / "prometheus.yml"))
    assert checked.returncode == 0, checked.stderr
    assert stat.S_IMODE((folder / "credentials").stat().st_mode) == 0o600


def test_the_stack_is_scraped_with_what_happens_in_it(calm: Stack, prometheus: Prometheus) -> None:
    assert calm.run("submit", "counted", "--to", "mars").returncode == 0
    assert wait_until(lambda: prometheus.query("lastwish_boarded_total") == {"worker": 1})
    assert wait_until(lambda: prometheus.query('lastwish_function_invocations_total{service="worker"}')["worker"] >= 1)
    assert wait_until(lambda: prometheus.query('lastwish_queue_visible_messages{queue="Pods"}') == {"Pods": 0})
    assert prometheus.query('lastwish_api_server_errors_events_total{route="/wishes"}') == {"POST": 1}
    [target] = prometheus.get("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    assert {each["health"] for group in prometheus.get("rules")["groups"] for each in group["rules"]} == {"ok"}


@pytest.mark.parametrize("name", ["poison-message", "worker-crash-loop"])
def test_an_alert_fires_during_a_drill_and_no_other(calm: Stack, prometheus: Prometheus, name: str) -> None:
    assert wait_until(lambda: prometheus.get("alerts")["alerts"] == [])
    drill = calm.laptop.start("drill", name, "--short", "--for", "15s", "--json")
    wanted = [find(name).alarm]
    fired = wait_until(lambda: [each["labels"]["alertname"] for each in prometheus.get("alerts")["alerts"]] == wanted)
    firing = prometheus.get("alerts")["alerts"]
    stdout, stderr = drill.communicate(timeout=120)
    assert (drill.returncode, fired) == (0, True), stderr + stdout
    [alert] = firing
    assert httpx.get(alert["annotations"]["runbook_url"], trust_env=False).status_code == 200
    assert wait_until(lambda: prometheus.get("alerts")["alerts"] == [])
    assert set(prometheus.query('max_over_time(ALERTS{alertstate="firing"}[20m])')) <= {
        "dead-letters-inbox",
        "worker-crashes",
    }
