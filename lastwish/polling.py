"""Pause before retries, as poll.js and form.js in src/web/assets do, and wait until a condition holds.

The load's sender uses this under gevent: import nothing heavy here, and no HTTP client.
"""

import random
import time
from collections.abc import Callable, Mapping

# The page's own numbers, in seconds; a test compares them with its script.
TRY_TIMEOUT = 10.0  # for one whole try
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
LONGEST_RETRY_AFTER = 60.0  # a longer one is cut


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that `Retry-After` asks for, 0 where there is none or a date: we never send one."""
    value = headers.get("retry-after") or ""
    return min(LONGEST_RETRY_AFTER, float(value)) if value.isdecimal() else 0.0


def pause_before_retry(tries: int, asked: float = 0.0) -> float:
    """Return the seconds to wait after so many failed tries: what `Retry-After` asked, then full jitter.

    Full jitter is a uniform choice between nothing and a bound that doubles with each try, so that a crowd that was
    refused together does not come back together.
    """
    bound = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1))
    return asked + random.uniform(0, bound)  # noqa: S311 - jitter, not a secret


def wait_until(condition: Callable[[], object], seconds: float, interval: float = 0.1) -> bool:
    """Check the condition at once and then at each interval. Return whether it held within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True
