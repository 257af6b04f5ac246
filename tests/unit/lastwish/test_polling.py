"""Pauses before retries, which are those of the page's script, and waiting for a condition."""

import re
import time

import httpx
import pytest

from lastwish import polling
from tests.support import ROOT

ASSETS = ROOT / "src" / "web" / "assets"


def milliseconds(script: str, name: str) -> int:
    """Return the number of a constant, `NAME = 10_000`, or of an option, `name: 10_000`, in a script of the page."""
    [number] = re.findall(rf"\b{name}(?: =|:) ([\d_]+)\b", (ASSETS / script).read_text())
    return int(number)


@pytest.mark.parametrize(
    ("seconds", "script", "name"),
    [
        (polling.TRY_TIMEOUT, "poll.js", "TIMEOUT"),
        (polling.FIRST_PAUSE, "form.js", "first"),
        (polling.LONGEST_PAUSE, "form.js", "longest"),
        (polling.LONGEST_RETRY_AFTER, "poll.js", "LONGEST_RETRY_AFTER"),
    ],
)
def test_the_numbers_are_those_of_the_page(seconds: float, script: str, name: str) -> None:
    assert 1000 * seconds == milliseconds(script, name)


@pytest.mark.parametrize(("tries", "bound"), [(1, 1), (2, 2), (5, 16), (6, 30), (20, 30)])
def test_pauses_are_random_up_to_a_growing_bound(tries: int, bound: float) -> None:
    pauses = [polling.pause_before_retry(tries) for _ in range(300)]
    assert 0 <= min(pauses) < 0.3 * bound
    assert 0.7 * bound < max(pauses) <= bound


def test_retry_after_comes_before_the_jitter() -> None:
    assert 45 <= polling.pause_before_retry(1, 45) <= 46


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3), ("60", 60), ("3600", 60), ("", 0), ("-1", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after_is_read_as_seconds_up_to_a_minute(value: str, seconds: float) -> None:
    assert polling.retry_after(httpx.Headers({"Retry-After": value})) == seconds
    assert polling.retry_after({}) == 0


def test_a_condition_that_holds_is_not_waited_for() -> None:
    assert polling.wait_until(lambda: True, 0, interval=60)


def test_a_condition_is_checked_until_it_holds() -> None:
    answers = iter([False, False, True])
    assert polling.wait_until(lambda: next(answers), 60, interval=0)


def test_a_condition_that_never_holds_is_given_up() -> None:
    began = time.monotonic()
    assert not polling.wait_until(lambda: False, 0.02, interval=0.01)
    assert 0.02 <= time.monotonic() - began < 5
