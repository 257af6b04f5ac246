"""What the trophy case shows of traces, read from a real agent; and what it says where one of the two is silent."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lastwish.local import typed
from lastwish.local.agent.segments import parse
from lastwish.local.agent.traces import Traces
from lastwish.local.agent.xray import application
from lastwish.local.proxy import evidence
from lastwish.local.state import State
from lastwish.local.typed import Typed
from tests.support.journals import TRACE, sent, write_journal
from tests.support.listeners import listening
from tests.support.traces import WISH, Document, a_wish

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def wish(tmp_path: Path) -> Typed:
    write_journal(tmp_path / "journal.jsonl", sent(WISH, "&lt;b&gt;"))
    return typed.read(tmp_path / "journal.jsonl")[0]


@pytest.fixture
def traces() -> Traces:
    """What the agent has."""
    return Traces()


@pytest.fixture
def state(traces: Traces) -> Iterator[State]:
    """A stack whose agent answers and whose engine does not."""
    with listening(application(traces, {})) as agent:
        yield State(url=NOWHERE, engine=NOWHERE, xray=agent.url.rstrip("/"), key="a-key")


def arrive(traces: Traces, documents: list[Document]) -> None:
    root = TRACE.partition(";")[0].removeprefix("Root=")
    for document in documents:
        traces.add(parse(json.dumps(document | {"trace_id": root})))


def test_a_trace_is_shown_by_its_hops_and_says_what_they_prove(state: State, traces: Traces, wish: Typed) -> None:
    arrive(traces, a_wish())
    (seen,) = evidence.look(state, [wish])
    hops = seen["trace"]["segments"]
    assert [row["hop"] for row in hops] == [
        "API", "frontend", "Inbox", "parser", "Pods", "worker", "EventStore", "projector",
    ]  # fmt: skip
    assert {row["hop"]: row["proves"] for row in hops if row["proves"]} == {"frontend": 1, "EventStore": 2}
    assert all(0 <= row["from"] < row["from"] + row["long"] <= 100 for row in hops)


def test_a_hop_that_failed_proves_nothing(state: State, traces: Traces, wish: Typed) -> None:
    first, frontend, *_ = a_wish()
    arrive(traces, [first, frontend | {"fault": True}])
    (seen,) = evidence.look(state, [wish])
    assert [(row["hop"], row["proves"]) for row in seen["trace"]["segments"]] == [("API", None), ("frontend", None)]


def test_logs_that_do_not_answer_hide_no_trace(state: State, traces: Traces, wish: Typed) -> None:
    arrive(traces, a_wish())
    (seen,) = evidence.look(state, [wish])
    assert seen["lines"] is None
    assert seen["trace"]["complete"]


def test_a_trace_that_is_gone_is_none(state: State, wish: Typed) -> None:
    assert evidence.look(state, [wish]) == [{"lines": None, "trace": None}]


@pytest.mark.parametrize("silent", ["", NOWHERE])
def test_an_agent_that_does_not_answer_is_said_to_be_silent(wish: Typed, silent: str) -> None:
    state = State(url=NOWHERE, engine=silent, xray=silent, key="a-key")
    assert evidence.look(state, [wish]) == [{"lines": None, "trace": "silent"}]
