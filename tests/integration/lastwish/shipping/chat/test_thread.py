"""A deploy's message and its question: how it is shown, who answers it, and what ends the wait."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse, IncompleteRead
from typing import Any

import pytest
from slack_sdk import WebClient

from lastwish.errors import AwsError
from lastwish.shipping.chat import thread as threads
from lastwish.shipping.chat.messages import Channel
from lastwish.shipping.chat.people import ChatError
from lastwish.shipping.chat.thread import Questions, Thread
from lastwish.shipping.deploying.errors import DeployError, DeployStopped
from lastwish.shipping.deploying.lock import Holder
from lastwish.shipping.deploying.steps import Question
from tests.support.laptop import wait_until
from tests.support.slack import Slack

QUESTION = Question("dev", "Change lastwish", ["adds <!channel> (SNS::Topic)"], by_name=False)


@pytest.fixture
def questions() -> Questions:
    return Questions()


@pytest.fixture
def thread(client: WebClient, questions: Questions) -> Thread:
    return Thread(Channel(client, "C0GENERAL"), "ana: deploy dev", questions)


def message(slack: Slack) -> str:
    return str(slack.posts()[0]["posted"])


def answered(slack: Slack, thread: Thread, questions: Questions, *answers: bool, question: Question = QUESTION) -> bool:
    """Let a thread ask, and answer as soon as its message has the buttons."""
    with ThreadPoolExecutor(1) as elsewhere:
        asked = elsewhere.submit(thread.confirm, question)
        assert wait_until(lambda: slack.buttons(message(slack)), 20)
        for number, yes in enumerate(answers):
            questions.answer(slack.buttons(message(slack))["yes"]["value"], yes=yes, by=f"person-{number}")
        return asked.result(20)


@pytest.mark.parametrize(("answers", "yes"), [((True, False), True), ((False, True), False)])
def test_the_first_answer_counts_and_the_thread_says_whose_it_is(
    slack: Slack, thread: Thread, questions: Questions, answers: tuple[bool, ...], yes: bool
) -> None:
    assert answered(slack, thread, questions, *answers) is yes
    assert slack.replies_to(message(slack)) == f"Change lastwish: {'' if yes else 'not '}confirmed by person-0"
    assert not slack.buttons(message(slack))


def test_nothing_in_what_is_shown_is_active(slack: Slack, thread: Thread, questions: Questions) -> None:
    thread.tell("a wish says <https://evil.example|click> & <!here>")
    answered(slack, thread, questions, True)
    thread.end("sam says <@U0ANA>")
    shown = json.dumps([said for _, said in slack.calls])
    assert "&lt;!channel&gt;" in shown
    assert "<" not in shown


def test_changes_that_are_too_long_for_a_message_go_on_in_the_thread(
    slack: Slack, thread: Thread, questions: Questions
) -> None:
    many = Question("dev", "Change lastwish", [f"adds number {number} <of them>" for number in range(500)], True)
    answered(slack, thread, questions, True, question=many)
    asked = next(said for method, said in slack.calls if method == "chat.update")
    assert "the changes go on in the thread" in json.dumps(asked)
    shown = json.dumps(asked["blocks"]) + slack.replies_to(message(slack))
    assert all(f"adds number {number} &lt;" in shown for number in range(500))
    assert "Type dev to confirm" in json.dumps(asked["blocks"])


def test_nobody_in_time_is_a_no(slack: Slack, thread: Thread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 0.0)
    assert thread.confirm(QUESTION) is False
    assert "not confirmed by anybody in time" in slack.replies_to(message(slack))


def test_the_end_of_the_app_is_a_no(slack: Slack, thread: Thread, questions: Questions) -> None:
    questions.over = True
    assert thread.confirm(QUESTION) is False
    assert "not confirmed by the end of this app" in slack.replies_to(message(slack))


def test_a_stop_ends_the_wait_also_after_aws_did_not_answer(thread: Thread, questions: Questions) -> None:
    looks: list[Callable[[], Holder]] = []

    def holder() -> Holder:
        looks.append(holder)
        if len(looks) == 1:
            raise AwsError("no answer")
        return Holder("ana", "deploy", 0, 0, stop="ben")

    thread.holder = holder
    with pytest.raises(DeployStopped, match="ben asked it to stop"):
        thread.confirm(QUESTION)
    assert len(looks) == 2


def test_a_question_that_slack_does_not_show_ends_the_deploy(slack: Slack, thread: Thread) -> None:
    slack.refuses["chat.update"] = "msg_too_long"
    with pytest.raises(DeployError, match="Slack did not take the question: `lastwish deploy dev`"):
        thread.confirm(QUESTION)


def test_changes_that_slack_does_not_take_whole_are_not_asked_about(slack: Slack, thread: Thread) -> None:
    slack.refuses["chat.postMessage"] = "rate_limited"
    with pytest.raises(DeployError, match="Slack did not take the question"):
        thread.confirm(Question("dev", "Change lastwish", ["x" * 10_000], by_name=False))
    assert not slack.buttons(message(slack))


def test_an_answered_question_is_over(slack: Slack, thread: Thread, questions: Questions) -> None:
    answered(slack, thread, questions, True)
    with pytest.raises(ChatError, match="was answered, or its deploy has ended"):
        questions.find("0" * 32)


def test_progress_that_slack_does_not_take_does_not_end_a_deploy(slack: Slack, thread: Thread) -> None:
    slack.refuses["chat.postMessage"] = "internal_error"
    thread.tell("stack ...")
    slack.refuses.clear()
    thread.tell("stack: is as it should be")
    assert slack.replies_to(message(slack)) == "stack: is as it should be"


def test_an_answer_of_slack_that_ends_too_early_does_not_end_a_deploy(
    slack: Slack, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(response: HTTPResponse, *_: Any) -> bytes:
        response.close()
        raise IncompleteRead(b"{", 20)

    with monkeypatch.context() as cut:
        cut.setattr(HTTPResponse, "read", half)
        thread.tell("stack ...")
    thread.tell("stack: is as it should be")
    assert "stack: is as it should be" in slack.replies_to(message(slack))


def test_without_its_message_there_is_no_thread(slack: Slack, client: WebClient, questions: Questions) -> None:
    slack.refuses["chat.postMessage"] = "not_in_channel"
    with pytest.raises(ChatError, match="cannot post here") as refused:
        Thread(Channel(client, "C0GENERAL"), "ana: deploy dev", questions)
    assert "/invite" in refused.value.next_step
