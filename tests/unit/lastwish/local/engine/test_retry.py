"""What waits in the engine's queues is visible at once, but not what a function works on."""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

import pytest

from lastwish.local.engine import retry
from lastwish.local.engine.patch import EngineChanged, ministack_module

WORK, DEAD_LETTERS = {"RedrivePolicy": "{}"}, dict[str, str]()


def message(receipt: str | None, hidden_for: float) -> dict[str, Any]:
    return {"receipt_handle": receipt, "visible_at": time.time() + hidden_for, "receive_count": 4}


def visible(queue: dict[str, Any]) -> list[str | None]:
    return [each["receipt_handle"] for each in queue["messages"] if each["visible_at"] <= time.time()]


def test_what_is_hidden_becomes_visible_and_no_receive_is_counted() -> None:
    inbox = {"name": "Inbox", "attributes": WORK, "messages": [message("a", 180), message(None, 60), message("b", -1)]}

    assert retry.show([inbox], ()) == {"Inbox": 2}
    assert visible(inbox) == ["a", None, "b"]
    assert {each["receive_count"] for each in inbox["messages"]} == {4}
    assert retry.show([inbox], ()) == {"Inbox": 0}


def test_a_dead_letter_that_somebody_reads_stays_hidden() -> None:
    letters = {"name": "InboxDlq", "attributes": DEAD_LETTERS, "messages": [message("a", 60)]}

    assert retry.show([letters], ()) == {}
    assert visible(letters) == []


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Any:
    """MiniStack's functions, as they are again after the test."""
    module = ministack_module("services.lambda_svc")
    monkeypatch.setattr(module, "_run_sqs_batch", module._run_sqs_batch)
    return module


@pytest.mark.parametrize("ends", [None, RuntimeError("the function was killed")])
def test_what_a_function_works_on_stays_hidden_until_the_function_has_ended(functions: Any, ends: Any) -> None:
    batch = [message("a", 180)]
    pods = {"name": "Pods", "attributes": WORK, "messages": [*batch, message("b", 180)]}

    def _run_sqs_batch(esm: Any, func_rec: Any, event: Any, batch: Any, queue_url: Any, queue_name: Any) -> None:
        assert retry.show([pods], retry._in_work) == {"Pods": 1}
        assert visible(pods) == ["b"]
        if ends:
            raise ends

    functions._run_sqs_batch = _run_sqs_batch
    retry.install()
    with suppress(RuntimeError):
        functions._run_sqs_batch({}, {}, {}, batch, "", "")
    assert retry.show([pods], retry._in_work) == {"Pods": 1}
    assert visible(pods) == ["a", "b"]


def test_an_engine_that_runs_its_batches_in_another_way_is_refused(functions: Any) -> None:
    functions._run_sqs_batch = lambda batch: None
    with pytest.raises(EngineChanged):
        retry.install()


@pytest.mark.parametrize(("method", "answer"), [("POST", [200, {}]), ("GET", ["/_lastwish/retry"])])
def test_only_a_post_changes_anything(method: str, answer: list[Any]) -> None:
    answered: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        answered.append(scope["path"])

    async def send(message: Any) -> None:
        answered.append(json.loads(message["body"]) if "body" in message else message["status"])

    asyncio.run(retry.layer(app)({"type": "http", "method": method, "path": retry.PATH}, None, send))

    assert answered == answer
