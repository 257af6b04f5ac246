"""The story of an environment, told from Slack: a fake Slack, the real SDK, the real template on the local engine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lastwish.local.drill_note import noted
from lastwish.local.engine import process as engine
from lastwish.shipping.chat.app import connected
from lastwish.shipping.deploying.errors import DeployStopped
from lastwish.shipping.deploying.steps import Question
from tests.support import ROOT
from tests.support.laptop import Laptop, wait_until
from tests.support.rehearsals import Rehearsal, a_rehearsal
from tests.support.slack import APP, BOT, Slack, a_slack

ANA, BEA, CARL, NOBODY = "U0ANA", "U0BEA", "U0CARL", "U0NOBODY"
PEOPLE = """
channel = "C0ALARMS"
watch = ["local"]
people.U0ANA = { name = "ana", environments = ["local"] }
people.U0BEA = { name = "bea", environments = ["local"] }
people.U0CARL = { name = "carl", environments = ["dev"] }
"""
DRILL = """
import time
from lastwish.local.state import Home
from lastwish.local.drill_note import noted
with noted(Home.from_environment(), "exam"):
    time.sleep(600)
"""
QUEUE = "\n  Spare:\n    Type: AWS::SQS::Queue\n"


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with a_rehearsal(tmp_path_factory.mktemp("chat")) as rehearsal:
        yield rehearsal


@pytest.fixture(scope="module")
def slack(rehearsal: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slack]:
    people: Path = tmp_path_factory.mktemp("people") / "chat.toml"
    people.write_text(PEOPLE)
    with pytest.MonkeyPatch.context() as patch, a_slack() as slack:
        patch.setenv("SLACK_BOT_TOKEN", BOT)
        patch.setenv("SLACK_APP_TOKEN", APP)
        patch.setenv("SLACK_API_URL", f"{slack.url}api/")
        with connected(people, rehearsal.repository.root, print, every=0.5):
            yield slack


class Deploy:
    """A deploy that somebody asked for in chat: its message, and what is in its thread."""

    def __init__(self, slack: Slack, user: str, text: str) -> None:
        self.slack, before = slack, len(slack.posts())
        slack.types(user, text)
        assert wait_until(lambda: len(slack.posts()) > before), slack.replies[-1:]
        self.message = str(slack.posts()[before]["posted"])

    @property
    def said(self) -> str:
        return self.slack.replies_to(self.message)

    @property
    def over(self) -> bool:
        """Whether the last thing that it did, to show how it ended, is done."""
        words = self.said.rpartition("\n")[2]
        return bool(words) and self.slack.words(self.message).endswith(words)

    def asks(self) -> dict[str, object]:
        """Wait for a question, and return its buttons."""
        assert wait_until(lambda: self.slack.buttons(self.message) or self.over)
        return self.slack.buttons(self.message)

    def ends(self, user: str) -> str:
        """Say yes to each question that comes, and return the last words."""
        while buttons := self.asks():
            self.slack.presses(user, buttons["yes"])  # type: ignore[arg-type]
            assert wait_until(lambda old=buttons: self.slack.buttons(self.message) != old)
        return self.slack.words(self.message)


def test_the_story_of_an_environment(rehearsal: Rehearsal, slack: Slack) -> None:
    repository = rehearsal.repository
    assert "local is not for carl" in slack.answers_to(CARL, "deploy local")
    assert "this app does not know you; your member id is U0NOBODY" in slack.answers_to(NOBODY, "status local")
    assert not slack.posts()

    first = Deploy(slack, ANA, "deploy local")
    assert first.asks()
    assert "ana: deploy local" in slack.words(first.message)
    assert "adds " in slack.words(first.message)
    assert "succeeded" in first.ends(ANA)
    assert "smoke: wish " in first.said

    # Bea comes while Ana reads the changes, and then says yes to them.
    template = repository.root / "template.yaml"
    template.write_text(template.read_text().replace("\nResources:", f"\nResources:{QUEUE}", 1))
    repository.commit("a queue that nobody needs")
    second = Deploy(slack, ANA, "deploy local")
    assert second.asks()
    late = Deploy(slack, BEA, "deploy local")
    assert wait_until(lambda: "local is locked: ana holds it for a deploy" in late.said)
    assert "ana holds it for a deploy" in slack.answers_to(BEA, "status local")
    second.ends(BEA)
    assert "confirmed by bea" in second.said

    # An alarm rings in the middle; the next one goes on from there.
    repository.append("src/parser/held_words.txt", "\nvibranium\n")
    injected = {"MetricName": "Sanitised", "Value": 500, "Dimensions": [{"Name": "service", "Value": "frontend"}]}
    rehearsal.aws("cloudwatch").put_metric_data(Namespace="LastWish/lastwish-rehearsal", MetricData=[injected])
    failed = Deploy(slack, BEA, "deploy local")
    assert "failed at alarms" in failed.ends(BEA)
    engine.clear_measurements(rehearsal.endpoint)
    went_on = Deploy(slack, BEA, "deploy local")
    assert "succeeded" in went_on.ends(BEA)
    assert "stack: was done before" in went_on.said

    # Back, twice: the second one deletes the queue, so the environment's name has to be typed.
    assert "succeeded" in Deploy(slack, ANA, "rollback local").ends(ANA)
    back = Deploy(slack, ANA, "rollback local")
    yes = back.asks()["yes"]
    assert "DANGER: what is in Spare (SQS::Queue) would be lost" in slack.words(back.message)
    slack.presses(ANA, yes)  # type: ignore[arg-type]
    assert slack.submits(ANA, slack.dialog(), value="prod")["errors"] == {"field": "that is not local"}
    assert slack.submits(CARL, slack.dialog(), value="local")["response_action"] == "errors"
    assert slack.submits(ANA, slack.dialog(), value=" local ") == {}
    assert "succeeded" in back.ends(ANA)

    # What chat began, the terminal stops, and the other way round.
    repository.append("src/parser/held_words.txt", "\nadamantium\n")
    stopped = Deploy(slack, ANA, "deploy local")
    assert stopped.asks()
    laptop = Laptop(rehearsal.home.path)
    assert laptop.run("stop", "local").returncode == 0
    assert "asked it to stop" in stopped.ends(ANA)
    dora = rehearsal.person("dora")

    def stopped_from_chat(_: Question) -> bool:
        slack.types(BEA, "stop local")
        return wait_until(lambda: "bea stops local: dora holds it" in slack.posts()[-1]["text"])

    dora.answer = stopped_from_chat  # type: ignore[method-assign]
    with pytest.raises(DeployStopped, match="bea asked it to stop"):
        dora.deploys.deploy()

    # Both have the same history.
    told = slack.answers_to(ANA, "history local")
    listed = json.loads(laptop.run("deploys", "local", "--json").stdout)["deploys"]
    assert [(each["user"], each["kind"], each["outcome"]) for each in listed] == [
        ("ana", "deploy", "succeeded"),
        ("ana", "deploy", "succeeded"),
        ("bea", "deploy", "refused"),
        ("bea", "deploy", "failed"),
        ("bea", "deploy", "succeeded"),
        ("ana", "rollback", "succeeded"),
        ("ana", "rollback", "succeeded"),
        ("ana", "deploy", "stopped"),
        ("dora", "deploy", "stopped"),
    ]
    assert all(f"{each['user']}  {each['kind']} {each['outcome']}" in told for each in listed)


def test_alarms_and_drills_come_into_the_channel_until_they_are_muted(rehearsal: Rehearsal, slack: Slack) -> None:
    cloudwatch = rehearsal.aws("cloudwatch")
    for name, actions in (("sold-out", ["arn:aws:sns:us-east-1:000000000000:alarms"]), ("a-window", [])):
        cloudwatch.put_metric_alarm(
            AlarmName=f"lastwish-local/{name}",
            AlarmDescription="No seat is left <!channel>. Runbook: ./docs/runbooks/sold-out.md",
            AlarmActions=actions,
            MetricName="Waitlisted",
            Namespace="Test",
            Statistic="Sum",
            Period=3600,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    cloudwatch.put_metric_data(Namespace="Test", MetricData=[{"MetricName": "Waitlisted", "Value": 500}])

    def posted() -> list[str]:
        return [str(each["posted"]) for each in slack.posts() if each["channel"] == "C0ALARMS"]

    assert wait_until(posted)
    (alarm,) = posted()
    assert "local alarm sold-out is on\nNo seat is left &lt;!channel&gt;. " in slack.words(alarm)
    assert "\n<http://127.0.0.1:1/docs/runbooks/sold-out.md|runbook>" in slack.words(alarm)
    assert "local is not for carl" in pressed(slack, CARL, alarm)
    assert "muted by bea until " in pressed(slack, BEA, alarm)
    assert "muted by bea until " in slack.words(alarm)
    assert not slack.buttons(alarm)

    with noted(rehearsal.home, "sold-out") as lines:
        assert wait_until(lambda: len(posted()) == 2)
        assert "local drill sold-out is on" in slack.words(posted()[1])
        lines.append("sold-out: passed.")
    assert wait_until(lambda: slack.replies_to(posted()[1]) == "sold-out: passed.")

    killed = subprocess.Popen([sys.executable, "-c", DRILL], env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        assert wait_until(lambda: len(posted()) == 3)
    finally:
        killed.kill()
        killed.wait()
    assert wait_until(lambda: slack.replies_to(posted()[2]) == "it was killed")


def pressed(slack: Slack, user: str, message: str) -> str:
    """Press the mute button below a message, and return what is answered."""
    before = len(slack.replies)
    slack.presses(user, slack.buttons(message)["mute"])
    assert wait_until(lambda: len(slack.replies) > before)
    return slack.replies[-1]
