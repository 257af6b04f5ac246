"""The rules for Prometheus: all alarms of the laptop, and they fire when they should."""

import re

import pytest
import yaml

from observability import rules
from observability.alarms import ALARMS
from observability.burn import composites
from tests.support import ROOT
from tests.support.prometheus import INSTALLED, promtool

FILE = ROOT / rules.FILE


def alerts(text: str) -> dict[str, dict[str, object]]:
    found = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    return {rule["alert"]: rule for rule in found if "alert" in rule}


def test_each_alarm_of_the_laptop_is_an_alert_and_only_the_watch_itself_comes_beside_them() -> None:
    laptops = {alarm.name for alarm in ALARMS if not alarm.on_aws} | {alarm.name for alarm in composites()}
    assert set(alerts(FILE.read_text())) == laptops | {"unseen"}


@pytest.mark.parametrize("alert", alerts(FILE.read_text()).values(), ids=lambda rule: rule["alert"])
def test_each_says_how_urgent_it_is_and_what_to_do(alert: dict[str, dict[str, str]]) -> None:
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["summary"]
    if str(alert["alert"]) != "unseen":
        assert (ROOT / alert["annotations"]["runbook_url"]).is_file()


def test_at_a_pace_windows_and_ages_are_shorter_and_counts_and_shares_are_not() -> None:
    faster = {name: str(rule["expr"]) for name, rule in alerts(rules.text(12)).items()}
    assert faster["store-refuses"].endswith('{service="worker"}[10s])) >= 3')
    assert faster["inbox-backlog"].endswith('{queue="Inbox"}[10s])) >= 25')
    assert "ratio_increase5m{" in faster["slo-boarding-page"]
    assert set(re.findall(r">= ([\d.]+)", faster["slo-boarding-page"])) == {"0.144", "10"}


@pytest.mark.parametrize("pace", [1, 1.5, 7, 12, 60])
def test_no_two_windows_of_an_objective_have_one_name(pace: float) -> None:
    found = [rule for group in yaml.safe_load(rules.text(pace))["groups"] for rule in group["rules"]]
    recorded = [(rule["record"], rule["labels"]["slo"]) for rule in found if "record" in rule]
    assert len(set(recorded)) == len(recorded) == 30


@INSTALLED
def test_promtool_takes_them_and_they_fire_when_they_should() -> None:
    checked = promtool("check", "rules", "--lint-fatal", str(FILE))
    assert checked.returncode == 0, checked.stderr
    tested = promtool("test", "rules", str(ROOT / "tests" / "repository" / "rules_test.yml"))
    assert tested.returncode == 0, tested.stderr + tested.stdout
