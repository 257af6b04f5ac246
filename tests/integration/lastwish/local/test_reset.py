"""Reset, on moto: the wish that comes in its last moment, and other commands meanwhile."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lastwish.errors import AlreadyRunning, AwsError
from lastwish.local import reset as module
from lastwish.local.agent import process as agent_process
from lastwish.local.engine import process as engine
from lastwish.local.journal import Journal
from lastwish.local.proxy.ledger import Ledger, promised
from lastwish.local.reset import reset
from lastwish.local.state import Home, State
from tests.support.aws import Aws
from tests.support.journals import boarded, item, message, sent, stored
from tests.support.wishes import ids

ADA, BOB = ids(2)


class Stack:
    """A stack on moto. ``at_clear`` is what happens each time before its journal is emptied."""

    def __init__(self, aws: Aws, home: Home) -> None:
        self.aws, self.home = aws, home
        self.journal, self.ledger = Journal(home.journal), Ledger(home.ledger)
        self.at_clear: list[Callable[[], object]] = []
        tables = {f"{name}Name": name for name in ("EventStore", "ReadModel", "Seats")}
        url = aws.urls["Inbox"].removesuffix("/Inbox")
        self.state = State("http://127.0.0.1:1/", url, {**tables, **aws.urls})

    def send(self, wish_id: str) -> None:
        """Take a wish into Inbox, and promise it."""
        request = self.ledger.ask()
        self.aws.sqs.send_message(QueueUrl=self.aws.urls["Inbox"], **message(wish_id))
        self.journal.add(sent(wish_id))
        self.journal.flush()
        self.ledger.end(request, 202, wish_id)

    def store(self, wish_id: str) -> None:
        """Store a wish."""
        self.aws.dynamodb.put_item(TableName="EventStore", Item=item(wish_id, boarded(1)))
        self.journal.add(stored(wish_id, boarded(1)))
        self.journal.flush()

    def clear_journal(self, _: object) -> int:
        if self.at_clear:
            self.at_clear.pop(0)()
        return self.journal.clear()

    def reset(self) -> dict[str, int]:
        return reset(self.state, self.home)

    def holds(self) -> tuple[bool, bool, int, list[str]]:
        """Tell what is left: in Inbox, in EventStore, in the journal (bytes), in the ledger."""
        in_inbox = bool(self.aws.messages("Inbox"))
        return in_inbox, bool(self.aws.stored()), self.home.journal.stat().st_size, promised(self.home.ledger)


NOTHING = (False, False, 0, list[str]())


@pytest.fixture
def stack(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    home = Home(tmp_path)
    home.create()
    stack = Stack(aws, home)
    clients = {"sqs": aws.sqs, "dynamodb": aws.dynamodb}
    monkeypatch.setattr(module, "engine_client", lambda service, _: clients[service])
    monkeypatch.setattr(module, "missing_tables", lambda _: [])
    monkeypatch.setattr(module, "SETTLE", 0)
    monkeypatch.setattr(engine, "clear_journal", stack.clear_journal)
    monkeypatch.setattr(agent_process, "clear_traces", lambda _: 0)
    return stack


def test_a_reset_empties_all_and_counts_it(stack: Stack) -> None:
    stack.send(ADA)
    stack.store(BOB)

    counts = {"messages": 1, "items": 1, "journal_lines": 2, "ledger_entries": 2, "traces": 0}
    assert stack.reset() == counts
    assert stack.holds() == NOTHING


@pytest.mark.parametrize("come", [Stack.send, Stack.store], ids=["to Inbox", "to EventStore"])
def test_no_wish_stays_whose_journal_line_and_promise_are_gone(
    stack: Stack, come: Callable[[Stack, str], None]
) -> None:
    stack.store(BOB)
    stack.at_clear = [lambda: come(stack, ADA)]

    counts = stack.reset()
    assert stack.holds() == NOTHING
    assert (counts["messages"] + counts["items"], counts["journal_lines"]) == (2, 2)


def test_wishes_that_keep_coming_end_a_reset(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0)
    stack.at_clear = [lambda: stack.send(ADA)]

    with pytest.raises(AwsError, match="wishes keep coming"):
        stack.reset()


def test_nothing_is_emptied_while_another_command_starts_or_stops_the_stack(stack: Stack) -> None:
    stack.send(ADA)

    with Home(stack.home.path).lock(), pytest.raises(AlreadyRunning):
        stack.reset()
    assert promised(stack.home.ledger) == [ADA]
    assert stack.aws.messages("Inbox")
