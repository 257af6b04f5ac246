"""The connection to Slack: tokens, refusals, a socket that breaks; alarms on AWS; the command."""

import json
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lastwish.shipping.chat.app import connected
from lastwish.shipping.chat.people import ChatError
from tests.support import ROOT
from tests.support.laptop import Laptop, wait_until
from tests.support.rehearsals import Repository
from tests.support.slack import APP, BOT, Slack

PEOPLE = """
channel = "C0ALARMS"
watch = ["dev"]
people.U0ANA = { name = "ana", environments = ["dev", "prod"] }
people.U0BEN = { name = "ben", environments = [] }
"""
type Connect = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "chat.toml"
    file.write_text(PEOPLE)
    return file


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def connect(slack: Slack, people: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Connect to the fake Slack; AWS is moto's."""
    for name, value in {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "SLACK_API_URL": f"{slack.url}api/"}.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield lambda: connected(people, ROOT, told.append, every=0.2)


# --- the connection ---------------------------------------------------------------------------------------------------
def test_it_connects_with_both_tokens_and_leaves_them_to_nobody(
    slack: Slack, connect: Connect, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    with connect() as (facts, socket):
        assert facts == {"team": "Mars", "name": "lastwish", "watches": ["dev"]}
        assert socket.is_connected()
        assert "`deploy`: " in slack.answers_to("U0ANA", "help")
    assert (slack.tokens["auth.test"], slack.tokens["apps.connections.open"]) == (BOT, APP)
    assert caplog.text
    assert BOT not in caplog.text
    assert APP not in caplog.text


def test_what_a_deploy_starts_does_not_get_the_tokens(connect: Connect) -> None:
    import os

    with connect():
        assert not [name for name in os.environ if name.endswith("_TOKEN") and name.startswith("SLACK")]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("SLACK_BOT_TOKEN", "", "SLACK_BOT_TOKEN is not set to a token, xoxb-"),
        ("SLACK_APP_TOKEN", "", "SLACK_APP_TOKEN is not set to a token, xapp-"),
        ("SLACK_BOT_TOKEN", "xapp-1-secret", "SLACK_BOT_TOKEN is not set to a token, xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1-secret", "SLACK_APP_TOKEN is not set to a token, xapp-"),
    ],
)
def test_a_token_that_cannot_be_one_is_an_error_without_it(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, name: str, value: str, error: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ChatError, match=error) as refused, connect():
        pass
    assert "secret" not in refused.value.words()
    assert "docs/chat.md" in refused.value.next_step


@pytest.mark.parametrize(
    ("method", "token"), [("auth.test", "SLACK_BOT_TOKEN"), ("apps.connections.open", "SLACK_APP_TOKEN")]
)
def test_a_token_that_slack_refuses_is_named_with_slacks_reason(
    slack: Slack, connect: Connect, method: str, token: str
) -> None:
    slack.refuses[method] = "invalid_auth"
    with pytest.raises(ChatError, match="invalid_auth") as refused, connect():
        pass
    assert f"look at {token}" in refused.value.next_step
    assert BOT not in refused.value.words()


def test_a_slack_that_cannot_be_reached_is_an_error(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:1/api/")
    with pytest.raises(ChatError, match=r"Slack does not let this app in.*refused"), connect():
        pass


def test_a_socket_that_breaks_is_made_anew_also_after_slack_refused_it(
    slack: Slack, people: Path, connect: Connect, told: list[str]
) -> None:
    people.write_text(PEOPLE.replace('watch = ["dev"]', ""))
    with connect() as (_, socket):
        slack.refuses["apps.connections.open"] = "internal_error"
        slack.hang_up()
        assert wait_until(lambda: told, 20)
        slack.refuses.clear()
        assert wait_until(lambda: len(told) > 1, 30)
        assert socket.is_connected()
        assert "`deploy`: " in slack.answers_to("U0ANA", "help")
    assert told == ["the connection to Slack is gone: its SDK tries again", "Slack is there again"]


# --- alarms on AWS, and what else may happen --------------------------------------------------------------------------
def ring(*stacks: str) -> None:
    """Let an alarm of these stacks ring."""
    cloudwatch = boto3.client("cloudwatch", region_name="us-east-1")
    for stack in stacks:
        alarm = {"AlarmName": f"{stack}/sold-out", "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:alarms"]}
        what = {"MetricName": "Waitlisted", "Namespace": "N", "Statistic": "Sum", "Period": 60, "Threshold": 1.0}
        how = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
        cloudwatch.put_metric_alarm(**alarm, **what, **how, AlarmDescription="Full. Runbook: docs/sold-out.md")
        cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason="1 > 0")


def test_alarms_of_a_stack_on_aws_come_into_the_channel_also_when_slack_wants_a_pause(
    slack: Slack, connect: Connect, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    slack.limits["chat.postMessage"] = 1
    with connect():
        ring("lastwish", "lastwish-prod")
        assert wait_until(slack.posts, 20)
        (post,) = slack.posts()
        shown = "dev alarm sold-out is on\nFull. 1 &gt; 0\nrunbook: docs/sold-out.md"
        assert slack.words(str(post["posted"])) == shown
    assert slack.limits["chat.postMessage"] == 0
    assert not told


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is to be seen at the terminal
def test_a_deploy_that_breaks_says_so_in_its_message(
    slack: Slack, connect: Connect, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    repository = Repository(tmp_path / "repository")
    (repository.root / "template.yaml").unlink()
    with connected(people, repository.root, print):
        slack.types("U0ANA", "deploy dev")
        assert wait_until(lambda: "an error that nobody expected" in slack.words(str(slack.posts()[0]["posted"])), 20)


def test_what_cannot_be_looked_at_is_said_once(
    connect: Connect, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with connect():
        assert wait_until(lambda: told, 20)
        assert not wait_until(lambda: len(told) > 1, 1)
    assert "cannot look at dev: " in told[0]
    assert "set AWS_DEFAULT_REGION" in told[0]


def test_a_look_while_a_file_is_being_changed_is_not_the_last(
    slack: Slack, connect: Connect, people: Path, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    whole, file = (ROOT / "samconfig.toml").read_text(), tmp_path / "samconfig.toml"
    file.write_text(whole)
    with connected(people, tmp_path, told.append, every=0.2):
        (tmp_path / "damaged").write_text("version = [")
        (tmp_path / "damaged").replace(file)  # at once: an empty file would be another error
        assert wait_until(lambda: told, 20)
        file.write_text(whole)
        ring("lastwish")
        assert wait_until(slack.posts, 20)


# --- the command ------------------------------------------------------------------------------------------------------
def test_the_command_says_where_it_is_and_ends_with_its_interrupt(slack: Slack, people: Path, tmp_path: Path) -> None:
    people.write_text(PEOPLE.replace('watch = ["dev"]', ""))
    laptop = Laptop(tmp_path / "home")
    laptop.env = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "SLACK_API_URL": f"{slack.url}api/"}
    process = laptop.start("chat", str(people), "--json")
    assert process.stdout
    facts = json.loads(process.stdout.readline())
    assert facts == {"team": "Mars", "name": "lastwish", "watches": []}
    assert wait_until(lambda: slack.sockets, 20)
    assert "`deploy`: " in slack.answers_to("U0ANA", "help")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["error"] == "the chat has ended"
    assert BOT not in err
    assert APP not in err


def test_the_command_without_tokens_is_an_error_with_its_next_step(people: Path, tmp_path: Path) -> None:
    refused = Laptop(tmp_path / "home", {"SLACK_BOT_TOKEN": ""}).run("chat", str(people), "--json")
    assert refused.returncode == 1
    facts = json.loads(refused.stdout)
    assert facts == {
        "error": "SLACK_BOT_TOKEN is not set to a token, xoxb-…",
        "next_step": "docs/chat.md says where Slack shows it",
    }
