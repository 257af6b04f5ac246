"""What people ask for in Slack: `/lastwish VERB ENV`, dialogs, buttons. Each is checked against the people's file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread as Worker
from typing import Any

from slack_sdk import WebClient

from lastwish.errors import CommandError
from lastwish.shipping.chat.board import Board
from lastwish.shipping.chat.messages import TROUBLE, Channel, dialog, pieces
from lastwish.shipping.chat.people import ChatError, Person, Settings
from lastwish.shipping.chat.thread import Questions, Thread
from lastwish.shipping.deploying.deployments import Deployments
from lastwish.shipping.deploying.environment import find

VERBS = {
    "deploy": "deploy what is checked out where this app runs: shows the changes, asks",
    "rollback": "go back to the last good deploy",
    "stop": "stop the deploy that runs, whoever began it",
    "status": "who deploys now, and the last deploy",
    "history": "the last ten deploys",
}
HELP = ["`/lastwish VERB ENV`; without ENV it asks for it", *(f"`{verb}`: {words}" for verb, words in VERBS.items())]

type Body = Any  # JSON, as Slack sends it
type Reply = Callable[[str], object]


class Desk:
    """Its public methods are listeners of Bolt, which gives them what their parameters are named after."""

    def __init__(self, client: WebClient, settings: Settings, root: Path) -> None:
        self.board, self.questions = Board(Channel(client, settings.channel or "")), Questions()
        self.workers: list[Worker] = []
        self._client, self._settings, self._root = client, settings, root

    def command(self, ack: Any, body: Body, respond: Reply) -> None:
        """Take `/lastwish …`."""
        ack()
        with _answering(respond):
            member, channel = body["user_id"], body["channel_id"]
            person = self._settings.person(member)
            match body.get("text", "").split():
                case [verb, environment] if verb in VERBS:
                    self._do(verb, environment, member, channel, respond)
                case [verb] if verb in VERBS and person.environments:
                    asked = dialog("choose", f"Which one: {verb}?", f"{verb} {channel}", person.environments)
                    self._client.views_open(trigger_id=body["trigger_id"], view=asked)
                case _:
                    _say(respond, *HELP)

    def chosen(self, ack: Any, body: Body, view: Body) -> None:
        """Take the environment from the dialog."""
        ack()
        (verb, channel), member = view["private_metadata"].split(), body["user"]["id"]
        chosen = view["state"]["values"]["field"]["field"]["selected_option"]["value"]

        def reply(text: str) -> None:
            self._client.chat_postEphemeral(channel=channel, user=member, text=text)

        with _answering(reply):
            self._do(verb, chosen, member, channel, reply)

    def answered(self, ack: Any, body: Body, respond: Reply) -> None:
        """Take a button below a question. Where a name has to be typed, a yes opens the dialog for that."""
        ack()
        with _answering(respond):
            key, yes = body["actions"][0]["value"], body["actions"][0]["action_id"] == "yes"
            question = self.questions.find(key)
            person = self._settings.person(body["user"]["id"], question.environment)
            if yes and question.by_name:
                asked = dialog("name", f"Type {question.environment} to confirm", key)
                self._client.views_open(trigger_id=body["trigger_id"], view=asked)
            else:
                self.questions.answer(key, yes=yes, by=person.name)

    def named(self, ack: Any, body: Body, view: Body) -> None:
        """Take the environment's name as it was typed. The dialog stays open with what is wrong."""
        key, typed = view["private_metadata"], view["state"]["values"]["field"]["field"]["value"] or ""
        try:
            environment = self.questions.find(key).environment
            person = self._settings.person(body["user"]["id"], environment)
            if typed.strip() != environment:
                raise ChatError(f"that is not {environment}")  # noqa: TRY301 - told as the others
            self.questions.answer(key, yes=True, by=person.name)
            ack()
        except ChatError as error:
            ack(response_action="errors", errors={"field": str(error)})

    def muted(self, ack: Any, body: Body, respond: Reply) -> None:
        """Take the button below an alarm or a drill."""
        ack()
        with _answering(respond):
            key = body["actions"][0]["value"]
            person = self._settings.person(body["user"]["id"], key.partition(" ")[0])
            _say(respond, self.board.mute(key, person.name))

    def _do(self, verb: str, environment: str, member: str, channel: str, reply: Reply) -> None:
        person = self._settings.person(member, environment)
        if verb in ("deploy", "rollback"):
            thread = Thread(Channel(self._client, channel), f"{person.name}: {verb} {environment}", self.questions)
            self.workers.append(Worker(target=self._carry_out, args=(verb, environment, person, thread), daemon=True))
            self.workers[-1].start()
            return
        here = Deployments(find(environment, self._root), person.name, lambda _: None, lambda _: False)
        if verb == "stop":
            words = f"{person.name} stops {environment}: {here.stop().words()}"
            if not Channel(self._client, channel).send(*pieces(words)):
                _say(reply, words)
            return
        lines = [each.line() for each in here.all(1 if verb == "status" else 10)] or ["nothing was deployed"]
        holder = here.holder()
        _say(reply, *lines, holder.words() if holder else f"nobody deploys {environment} now")

    def _carry_out(self, verb: str, environment: str, person: Person, thread: Thread) -> None:
        outcome = "ended by an error that nobody expected: where `lastwish chat` runs it says more"
        try:
            here = Deployments(find(environment, self._root), person.name, thread.tell, thread.confirm)
            thread.holder = here.holder
            record = here.deploy() if verb == "deploy" else here.rollback()
            outcome = f"succeeded: {record.words}"
        except CommandError as error:
            outcome = error.words()
        finally:
            thread.end(outcome)


def _say(reply: Reply, *lines: str) -> None:
    for text in pieces(*lines):
        reply(text)


@contextmanager
def _answering(reply: Reply) -> Iterator[None]:
    """Say what went wrong to who asked."""
    try:
        yield
    except CommandError as error:
        _say(reply, error.words())
    except TROUBLE as error:
        _say(reply, f"Slack did not take it: {error}")
