"""Send one wish and follow it to its end: one key and the page's pauses. Unlike the page it stops at a 500."""

import time
import uuid
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import stamina

from lastwish.errors import NotAnswered, NotEnded, WishRefused
from lastwish.polling import pause_before_retry, retry_after

ENDED = frozenset({"boarded", "waitlisted", "rejected", "erased"})
# Not 500, which the page tries again: an operator should see it.
WORTH_A_RETRY = frozenset({429, 502, 503, 504})
POLL_INTERVAL = 0.25


@dataclass(frozen=True)
class WishOutcome:
    """End of one wish, and the milliseconds from the first byte sent until it was seen."""

    wish_id: str
    status: str
    seat: int | None
    trace_id: str | None
    elapsed_ms: int
    reason: str | None = None

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return asdict(self)


class RetryPolicy:
    """Retry policy of one wish, for stamina: False for never, else the seconds to wait."""

    def __init__(self) -> None:
        self._tries = 0

    def __call__(self, error: Exception) -> float | bool:
        asked = 0.0
        if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in WORTH_A_RETRY:
            asked = retry_after(error.response.headers)
        elif not isinstance(error, httpx.TransportError):
            return False
        self._tries += 1
        return pause_before_retry(self._tries, asked)


def http_client(base_url: str) -> httpx.Client:
    """Return a client of the API at this base URL. It uses the operator's HTTP proxy for AWS, never for the laptop."""
    local = httpx.URL(base_url).host in ("127.0.0.1", "localhost")
    return httpx.Client(base_url=base_url, timeout=15, trust_env=not local, headers={"Accept": "application/json"})


def submit(http: httpx.Client, text: str, destination: str, name: str | None, timeout: float) -> WishOutcome:
    """Post a wish, follow it until it ends, and return its end. `timeout` is for all of it, in seconds.

    Raises WishRefused (a problem that no retry solves), NotAnswered, NotEnded.
    """
    started = time.monotonic()
    fields = {"message": text, "destination": destination} | ({"name": name} if name else {})
    wish_id = _send(http, fields, timeout)["wish_id"]
    wish = _follow(http, wish_id, started + timeout)
    elapsed = round(1000 * (time.monotonic() - started))
    if wish.get("status") not in ENDED:
        raise NotEnded(
            f"wish {wish_id} was accepted but had not ended after {timeout:g} s",
            wish_id=wish_id,
            status=wish.get("status") if wish else "submitted",
            elapsed_ms=elapsed,
        )
    return WishOutcome(wish_id, wish["status"], wish.get("seat"), wish.get("trace_id"), elapsed, wish.get("reason"))


def _send(http: httpx.Client, fields: dict[str, str], timeout: float) -> dict[str, Any]:
    key = str(uuid.uuid4())
    try:
        for attempt in stamina.retry_context(on=RetryPolicy(), attempts=None, timeout=timeout):
            with attempt:
                response = http.post("wishes", json=fields, headers={"Idempotency-Key": key})
                response.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise _refusal(error.response) from None
    except httpx.TransportError as error:
        raise NotAnswered(f"{http.base_url} does not answer: {error}") from error
    body = _json_object(response)
    if response.status_code != 202 or not isinstance(body.get("wish_id"), str):
        raise WishRefused(f"the API answered {response.status_code} instead of 202: the wish was not accepted")
    return body


def _follow(http: httpx.Client, wish_id: str, deadline: float) -> dict[str, Any]:
    """Return the wish when it has ended, or as it was last seen when the time is over; empty where it never was."""
    wish: dict[str, Any] = {}
    while True:
        pause = POLL_INTERVAL
        try:
            response = http.get(f"wishes/{wish_id}")
        except httpx.TransportError:
            pass  # like a phone that loses the network for a moment
        else:
            if response.status_code == 200:
                wish = _json_object(response)
                if wish.get("status") in ENDED:
                    return wish
            elif response.status_code == 404 or response.status_code in WORTH_A_RETRY:
                pause = max(pause, retry_after(response.headers))
            else:
                raise _refusal(response)
        if time.monotonic() + pause > deadline:
            return wish
        time.sleep(pause)


def _refusal(response: httpx.Response) -> WishRefused:
    """Return the problem (RFC 9457) of the answer, in one line."""
    problem = _json_object(response)
    words = [str(problem.get("title") or f"HTTP {response.status_code}")]
    # The detail of a 422 repeats its fields.
    fields = [
        f"{error.get('field')}: {error.get('detail')}" for error in problem.get("errors", []) if isinstance(error, dict)
    ]
    words += fields or ([str(problem["detail"])] if problem.get("detail") else [])
    return WishRefused("the wish was refused: " + " - ".join(words), problem=problem, http_status=response.status_code)


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
