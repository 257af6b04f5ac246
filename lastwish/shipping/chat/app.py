"""Connect to Slack: tokens, Slack's SDK with its socket, and which listener gets what."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler
from slack_sdk.socket_mode.interval_runner import IntervalRunner

from lastwish.errors import CommandError
from lastwish.shipping.chat import people, watch
from lastwish.shipping.chat.desk import Desk
from lastwish.shipping.chat.messages import TROUBLE
from lastwish.shipping.chat.people import ChatError, Settings
from lastwish.shipping.deploying.environment import names

EVERY = 10.0  # seconds between two looks at alarms and at the connection

type Tell = Callable[[str], None]


@contextmanager
def connected(file: Path, root: Path, tell: Tell, every: float = EVERY) -> Iterator[tuple[dict[str, Any], Any]]:
    """Serve Slack while the block runs. `file` says who may do what, `root` is the repository that is deployed.

    Yields workspace, own name there and what is watched, and Slack's socket client. At the end, questions are answered
    with no, and deploys that run are waited for. Raises ChatError.
    """
    settings = people.read(file, names(root))
    bot, socket = _token("SLACK_BOT_TOKEN", "xoxb-"), _token("SLACK_APP_TOKEN", "xapp-")
    client = WebClient(bot, os.environ.get("SLACK_API_URL", WebClient.BASE_URL))  # GovSlack has another one
    client.retry_handlers = [ConnectionErrorRetryHandler(), RateLimitErrorRetryHandler(max_retry_count=3)]
    desk = Desk(client, settings, root)
    handler: Any = SocketModeHandler(_app(client, desk), socket, ping_interval=every)
    watcher = IntervalRunner(_look(settings, root, desk, handler.client.is_connected, tell), every)
    try:
        me = _reach(client.auth_test, "SLACK_BOT_TOKEN")
        _reach(handler.connect, "SLACK_APP_TOKEN")
        watcher.start()
        yield {"team": me["team"], "name": me["user"], "watches": list(settings.watch)}, handler.client
    finally:
        watcher.event.set()
        desk.questions.over = True
        for each in [worker for worker in desk.workers if worker.is_alive()]:
            tell("a deploy runs here: waiting for its end; Ctrl-C leaves it to the next deploy")
            each.join()
        handler.close()


def _app(client: WebClient, desk: Desk) -> App:
    app = App(client=client, token_verification_enabled=False)
    app.command("/lastwish")(desk.command)
    app.view("choose")(desk.chosen)
    app.view("name")(desk.named)
    app.action("yes")(desk.answered)
    app.action("no")(desk.answered)
    app.action("mute")(desk.muted)
    return app


def _look(
    settings: Settings, root: Path, desk: Desk, is_connected: Callable[[], bool], tell: Tell
) -> Callable[[], None]:
    """Return what looks once at the connection, alarms and drills, and says each trouble once."""
    said, there = set[str](), True

    def look() -> None:
        nonlocal there
        if there != (there := is_connected()):
            tell("Slack is there again" if there else "the connection to Slack is gone: its SDK tries again")
        for each in settings.watch:
            try:
                desk.board.look(each, watch.look(each, root))
            except CommandError as error:
                if (words := f"cannot look at {each}: {error.words()}") not in said:
                    said.add(words)
                    tell(words)

    return look


def _token(name: str, begin: str) -> str:
    """Take a token out of the environment: what a deploy starts does not get it. Raises ChatError."""
    token = os.environ.pop(name, "").strip()
    if not token.startswith(begin):
        raise ChatError(f"{name} is not set to a token, {begin}…", next_step="docs/chat.md says where Slack shows it")
    return token


def _reach(call: Callable[[], Any], token: str) -> Any:
    try:
        return call()
    except TROUBLE as error:
        step = f"look at {token} and at this machine's way to Slack; docs/chat.md says which rights a token needs"
        raise ChatError(f"Slack does not let this app in: {error}", next_step=step) from None
