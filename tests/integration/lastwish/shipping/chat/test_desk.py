"""What people may ask for in Slack, and what they are answered."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from slack_sdk import WebClient

from lastwish.shipping.chat.app import connected
from lastwish.shipping.chat.desk import Desk
from lastwish.shipping.chat.people import Person, Settings
from lastwish.shipping.deploying.cloudformation import Stack
from lastwish.shipping.deploying.environment import find
from lastwish.shipping.deploying.lock import Lock
from lastwish.shipping.deploying.steps import Question
from tests.support import ROOT
from tests.support.laptop import wait_until
from tests.support.slack import APP, BOT, Slack, a_slack

PEOPLE = """
people.U0ANA = { name = "ana", environments = ["dev", "prod"] }
people.U0BEN = { name = "ben", environments = [] }
"""


@pytest.fixture(scope="module")
def one_slack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slack]:
    """One connection for all tests: to end it takes seconds. AWS is moto's."""
    people: Path = tmp_path_factory.mktemp("people") / "chat.toml"
    people.write_text(PEOPLE)
    with pytest.MonkeyPatch.context() as patch, mock_aws(), a_slack() as slack:
        names = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "SLACK_API_URL": f"{slack.url}api/"}
        for name, value in {**names, "AWS_DEFAULT_REGION": "us-east-1"}.items():
            patch.setenv(name, value)
        with connected(people, ROOT, print):
            yield slack


@pytest.fixture
def slack(one_slack: Slack) -> Slack:
    one_slack.calls.clear()
    one_slack.refuses.clear()
    return one_slack


@pytest.mark.parametrize("text", ["", "help", "deploy dev now", "dance dev", "<!channel>"])
def test_what_is_no_command_is_answered_with_help(slack: Slack, text: str) -> None:
    assert "`history`: the last ten deploys" in slack.answers_to("U0ANA", text)


@pytest.mark.parametrize(
    ("user", "text", "answer"),
    [
        ("U0EVE", "help", "this app does not know you; your member id is U0EVE"),
        ("U0EVE", "deploy dev", "this app does not know you"),
        ("U0ANA", "deploy staging", "staging is not for ana, whose environments are: dev, prod"),
        ("U0ANA", "history <!channel>", "&lt;!channel&gt; is not for ana"),
        ("U0BEN", "status dev", "dev is not for ben, whose environments are: none"),
        ("U0BEN", "deploy", "`deploy`: "),
    ],
)
def test_what_is_not_theirs_is_refused_to_them_alone(slack: Slack, user: str, text: str, answer: str) -> None:
    assert answer in slack.answers_to(user, text)
    assert not slack.posts()


def test_without_an_environment_a_dialog_asks_for_it(slack: Slack) -> None:
    slack.types("U0ANA", "history")
    assert wait_until(lambda: "views.open" in dict(slack.calls), 20)
    view = slack.dialog()
    (field,) = view["blocks"]
    assert [each["value"] for each in field["element"]["options"]] == ["dev", "prod"]
    assert slack.submits("U0ANA", view, selected_option={"value": "dev"}) == {}
    assert wait_until(lambda: "chat.postEphemeral" in dict(slack.calls), 20)
    answer = dict(slack.calls)["chat.postEphemeral"]
    assert (answer["user"], answer["channel"]) == ("U0ANA", "C0GENERAL")
    assert "nothing was deployed\nnobody deploys dev now" in answer["text"]


def test_in_a_channel_without_the_app_nothing_is_deployed(slack: Slack) -> None:
    slack.refuses["chat.postMessage"] = "not_in_channel"
    answer = slack.answers_to("U0ANA", "deploy prod")
    assert "this app cannot post here" in answer
    assert "/invite" in answer


def test_a_dialog_that_slack_does_not_open_is_said(slack: Slack) -> None:
    slack.refuses["views.open"] = "expired_trigger_id"
    assert "Slack did not take it: " in slack.answers_to("U0ANA", "deploy")


def test_where_the_app_cannot_post_who_stops_a_deploy_is_told_alone(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stack, "cancel", lambda _: False)  # moto here has no CloudFormation
    dev = find("dev")
    dev.bucket.create()
    Lock(dev.bucket, "dev").take("ben", "deploy", 1)
    slack.refuses["chat.postMessage"] = "not_in_channel"
    try:
        assert "ana stops dev: ben holds it" in slack.answers_to("U0ANA", "stop dev")
    finally:
        dev.bucket.remove()


def test_what_nobody_does_cannot_be_stopped(slack: Slack) -> None:
    assert "nothing runs in dev" in slack.answers_to("U0ANA", "stop dev")


def test_a_button_of_a_question_that_is_over_says_so(slack: Slack) -> None:
    before = len(slack.replies)
    slack.presses("U0ANA", {"action_id": "yes", "value": "0" * 32})
    assert wait_until(lambda: len(slack.replies) > before, 20)
    assert "that question was answered" in slack.replies[-1]


# --- who answers a question -------------------------------------------------------------------------------------------
@contextmanager
def waiting(client: WebClient, question: Question) -> Iterator[tuple[Desk, Any, "Future[tuple[bool, str]]"]]:
    """A desk where this question waits, what Slack tells of a button below it, and its answer."""
    ana, carl = Person(name="ana", environments=("prod",)), Person(name="carl", environments=("dev",))
    desk, keys = Desk(client, Settings(people={"U0ANA": ana, "U0CARL": carl}), ROOT), list[str]()
    with ThreadPoolExecutor(1) as elsewhere:
        answer = elsewhere.submit(desk.questions.ask, question, keys.append, lambda: None)
        assert wait_until(lambda: keys, 20)
        try:
            yield desk, {"trigger_id": "1", "actions": [{"action_id": "yes", "value": keys[0]}]}, answer
        finally:
            desk.questions.over = True


def test_only_who_may_deploy_there_answers(client: WebClient) -> None:
    said: list[str] = []
    with waiting(client, Question("prod", "Change it", [], by_name=False)) as (desk, pressed, answer):
        desk.answered(list, pressed | {"user": {"id": "U0CARL"}}, said.append)
        assert "prod is not for carl" in said[0]
        assert not answer.done()
        desk.answered(list, pressed | {"user": {"id": "U0ANA"}}, said.append)
        assert answer.result(20) == (True, "ana")


def test_where_a_name_has_to_be_typed_a_yes_is_no_answer_but_a_no_is(slack: Slack, client: WebClient) -> None:
    with waiting(client, Question("prod", "Change it", [], by_name=True)) as (desk, pressed, answer):
        by_ana = pressed | {"user": {"id": "U0ANA"}}
        desk.answered(list, by_ana, list)
        assert slack.dialog()["callback_id"] == "name"
        assert not answer.done()
        by_ana["actions"][0]["action_id"] = "no"
        desk.answered(list, by_ana, list)
        assert answer.result(20) == (False, "ana")
