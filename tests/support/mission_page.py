"""Mission control in a browser, and what it can be made to show."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from playwright.sync_api import Error, Page, Route, expect

from tests.support.laptop import wait_until
from tests.support.operator_client import OperatorClient

SOON = 60_000


type Change = Callable[[dict[str, Any]], Any]


def sign_in(page: Page, operator: OperatorClient) -> None:
    name, password = operator.account
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.keyboard.press("Enter")


def mission_control(
    page: Page, operator: OperatorClient, change: Change = lambda known: None, view: str = "mission"
) -> Page:
    """The view, by the address that one bookmarks. ``change`` is what becomes of each answer of the real stack."""
    page.route("**/ops/mission", lambda route: changed(route, change))
    page.goto(f"sign-in#{view}")
    sign_in(page, operator)
    expect(page.locator("#mission-age")).to_have_text(re.compile("ago|前の"), timeout=SOON)
    return page


def changed(route: Route, change: Change) -> None:
    """Give the real answer to a request, changed."""
    with suppress(Error):  # the page may close while it asks
        answer = route.fetch()
        known = answer.json()
        change(known)
        route.fulfill(response=answer, json=known)


def alarm(name: str, state: str = "ALARM", **more: Any) -> dict[str, Any]:
    said = {"reason": "Three of three.", "description": "Receipts stay on their way.", "signal": False}
    return (
        {"name": name, "state": state, "since": "2045-06-01T12:00:00.000Z", "runbook": f"{name}.md", "hop": None}
        | said
        | more
    )


def slow(trace_id: str, wish_id: str | None, **more: Any) -> dict[str, Any]:
    trace = {"trace_id": trace_id, "wish_id": wish_id, "started": "2045-06-01T12:00:00.000Z", "duration_ms": 1234}
    return trace | dict.fromkeys(("fault", "error", "throttled"), False) | {"origin": None} | more


def failed(trace_id: str, wish_id: str | None, error: str, hop: str = "worker", at: str = "") -> dict[str, Any]:
    """A trace that failed: ``error`` is a class, ``at`` the moment, by default that of its start."""
    origin = {"hop": hop, "error": error, "raised_at": "infra/event_store.py:56 in append"}
    return slow(trace_id, wish_id, fault=True, origin=origin | {"at": at or "2045-06-01T12:00:00.000Z"})


def dead_letters() -> dict[str, Any]:
    """Return what the laptop says of its dead letters, with one of a stranger."""
    letter = {"message_id": "m1", "queue": "InboxDlq", "class": "stranger", "age_s": 90, "receives": 2}
    return {"letters": [letter | {"wish_id": None, "reason": "MalformedMessage: no JSON"}], "hidden": 0, "parked": 3}


def complete_trace(operator: OperatorClient) -> dict[str, Any]:
    """The trace of a wish that has arrived everywhere."""
    path = f"wishes/{operator.send('Where was I all the time?')}/trace"
    assert wait_until(lambda: (found := operator.http.get(path)).status_code == 200 and found.json()["complete"])
    found: dict[str, Any] = operator.http.get(path).json()
    return found
