"""A deploy in chat: one message with its changes, its question and how it ended, and replies for its progress."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from lastwish.errors import AwsError
from lastwish.shipping.chat.messages import Block, Channel, button, escaped, pieces
from lastwish.shipping.chat.people import ChatError
from lastwish.shipping.deploying.errors import DeployError
from lastwish.shipping.deploying.lock import Holder
from lastwish.shipping.deploying.steps import Question

type Holding = Callable[[], Holder | None]  # who holds the lock now

PATIENCE = 600.0  # seconds for an answer; the lock is held for 15 minutes without a sign of life
_LOOK = 1.0  # seconds between two looks whether somebody stops it


class Questions:
    """Questions that wait for a yes or a no, and who says it. The first answer counts."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Question, Future[tuple[bool, str]]]] = {}
        self.over = False  # then each question is answered with no, within a second

    def ask(self, question: Question, show: Callable[[str], None], holder: Holding) -> tuple[bool, str]:
        """Show a question under a key, and wait for its answer. Raises DeployStopped, and what `show` raises."""
        key, answer, deadline = secrets.token_hex(16), Future[tuple[bool, str]](), time.monotonic() + PATIENCE
        self._waiting[key] = (question, answer)
        try:
            show(key)
            while time.monotonic() < deadline and not self.over:
                with suppress(TimeoutError):
                    return answer.result(_LOOK)
                with suppress(AwsError):  # it may answer at the next look
                    if (now := holder()) and now.stop:
                        raise now.stopped(question.environment)
        finally:
            del self._waiting[key]
        return False, "the end of this app" if self.over else "anybody in time"

    def find(self, key: str) -> Question:
        """Return a question that waits. Raises ChatError."""
        if (found := self._waiting.get(key)) is None:
            raise ChatError("that question was answered, or its deploy has ended", next_step="read the thread")
        return found[0]

    def answer(self, key: str, *, yes: bool, by: str) -> None:
        """Answer one; if somebody was faster in this very second, nothing."""
        with suppress(KeyError, InvalidStateError):
            self._waiting[key][1].set_result((yes, by))


class Thread:
    """The message of one deploy. Raises ChatError where it cannot be posted. ``holder`` says who holds the lock."""

    def __init__(self, channel: Channel, title: str, questions: Questions) -> None:
        self._channel, self._title, self._questions = channel, escaped(title), questions
        self._changes: list[str] = []
        self.holder: Holding = lambda: None
        self._message = channel.send(self._title, "begins; its progress is in the thread")
        if not self._message:
            raise ChatError("this app cannot post here", next_step="invite it to the channel: `/invite` and its name")

    def tell(self, *lines: str) -> None:
        """Post progress."""
        for text in pieces(*lines):
            self._channel.send(text, thread_ts=self._message)

    def confirm(self, question: Question) -> bool:
        """Show a question and wait for its answer. Raises DeployStopped, DeployError where it cannot be shown."""
        first, *others = pieces(*question.words)
        self._changes.append(f"*{escaped(question.title)}*\n{first}")
        posted = [self._channel.send(text, thread_ts=self._message) for text in others]
        more = "; the changes go on in the thread" if others else ""

        def show(key: str) -> None:
            if not (all(posted) and self._show(f"waits for an answer{more}", *_buttons(question, key))):
                raise DeployError(f"Slack did not take the question: `lastwish deploy {question.environment}` asks you")

        yes, by = self._questions.ask(question, show, self.holder)
        self.tell(f"{question.title}: {'' if yes else 'not '}confirmed by {by}")
        self._show("goes on" if yes else "ends")
        return yes

    def end(self, words: str) -> None:
        """Say how it ended."""
        self.tell(words)
        self._show(words)

    def _show(self, state: str, *buttons: Block) -> str:
        return self._channel.send(self._title, *self._changes, pieces(state)[0], buttons=buttons, ts=self._message)


def _buttons(question: Question, key: str) -> tuple[Block, Block]:
    label = f"Type {question.environment} to confirm" if question.by_name else "Confirm"
    return button("yes", label, key, "danger" if question.by_name else "primary"), button("no", "Do not", key)
