"""A show's stage on the stack that tests share: what is put there is gone afterwards."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route

from lastwish.local import stage
from lastwish.local.state import Home
from tests.support.laptop import Laptop, Stack
from tests.support.operator_client import OperatorClient

CHOICES: dict[str, stage.Words] = {
    "worker-crash-loop": "The worker crashes",
    "store-throttles": {"en": "The database chokes", "ja": "データベースが詰まる"},
    "something-new": {"en": "Something <b>new</b>", "ja": "<b>新しい</b>こと"},
}
SHOW = {
    "title": "The incident",
    "cue": {
        "title": "Something breaks",
        "say": "Now nothing happens for a moment.\nWatch the receipts in your hands.",
        "look": {"mission": "Pods fills up", "wall": "no new light"},
        "see": [{"what": "the alarm worker-crashes", "seen": True}, {"what": "Pods is above 20", "seen": False}],
    },
    "number": 3,
    "of": 9,
    "next": "The hunt",
    "left": 72.0,
    "left_of_show": 610.0,
    "paused": False,
    "note": "putting things in order",
    "blank": False,
}


@contextmanager
def a_stage(stack: Stack | Laptop) -> Iterator[Home]:
    """Where the stage's files are; they are gone at the end."""
    home = Home(stack.home)
    try:
        yield home
    finally:
        stage.clear(home)


def without_a_stage(page: Page, asked: list[str]) -> None:
    """Answer as AWS does: there is nothing at the stage's paths. Each question goes to ``asked``."""

    def nothing(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404, content_type="application/problem+json", body="{}")

    page.route(re.compile(r"/stage(/|$)"), nothing)


def receipt(page: Page, operator: OperatorClient) -> Page:
    """Send a wish from this page's phone, whose vote it is then."""
    wish = {"message": "Let us break it", "destination": "mars"}
    wish_id: str = page.request.post("wishes", data=wish).json()["wish_id"]
    operator.wait_until_stored(wish_id)
    page.goto(f"wishes/{wish_id}")
    return page
