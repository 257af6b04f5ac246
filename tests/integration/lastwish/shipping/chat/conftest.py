"""A fake Slack for each test, and a client of it."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from tests.support.slack import BOT, Slack, a_slack


@pytest.fixture
def slack() -> Iterator[Slack]:
    with a_slack() as slack:
        yield slack


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return WebClient(BOT, f"{slack.url}api/")
