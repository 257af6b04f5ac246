"""Measure how many wishes the running stack answers in ten seconds, by sending more than it can."""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from frontend.submission import read_body
from lastwish.load.plan import Plan, PlanOptions
from lastwish.load.results import WishResult
from lastwish.load.sender_process import STOP_TIMEOUT, SenderOptions, start_sender

SECONDS = 10
_MOST = 300  # wishes a second that are sent: more than a laptop answers


@dataclass(frozen=True)
class Measured:
    """``answered``: 202 within SECONDS. ``wish_ids``: of all that were planned, whether they were sent or not."""

    answered: int
    wish_ids: frozenset[str]


def measure(url: str) -> Measured:
    """Send as `lastwish load` does for SECONDS. Raises SenderFailed."""
    plan = Plan(PlanOptions("steady", wishes=SECONDS * _MOST, over=SECONDS, seed=secrets.randbelow(2**31)))
    ids = (read_body(each.body, each.content_type, each.key, uuid4()).wish_id for each in plan.requests)
    results = _send(plan, url)
    answered = sum(result.status == 202 and result.done <= SECONDS for result in results)
    return Measured(answered, frozenset(ids))


def _send(plan: Plan, url: str) -> list[WishResult]:
    """Return the results that there are after SECONDS and the grace of requests in flight."""
    with TemporaryDirectory(prefix="lastwish-preflight-") as folder:
        path = Path(folder) / "plan.jsonl"
        plan.write(path)
        with start_sender(path, url, SenderOptions()) as sender:
            sender.wait_until_sending()
            time.sleep(SECONDS)
            sender.stop()
            return sender.results_until_ended(STOP_TIMEOUT)
