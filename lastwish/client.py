"""Sends one wish and follows it, as a patient phone would: the same key on every retry, full jitter, Retry-After."""

import random
import time
import uuid
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import stamina

from lastwish.errors import NotAnswered, NotEnded, WishRefused

ENDED = frozenset({"boarded", "waitlisted", "rejected", "erased"})
WORTH_A_RETRY = frozenset({429, 502, 503, 504})
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
POLL_PAUSE = 0.25


@dataclass(frozen=True)
class Journey:
    """How one wish ended, and how long that took from the first byte sent, in milliseconds."""

    wish_id: str
    status: str
    seat: int | None
    trace_id: str | None
    elapsed_ms: int
    reason: str | None = None

    def facts(self) -> dict[str, object]:
        """As a JSON object."""
        return asdict(self)


class Backoff:
    """When to try again, for stamina: True never, seconds to wait otherwise.

    Full jitter: a uniform draw between nothing and an exponentially growing bound, so that a crowd that was refused
    together does not come back together. What Retry-After asks for comes on top of nothing and before the jitter.
    """

    def __init__(self) -> None:
        self.bound = FIRST_PAUSE

    def __call__(self, error: Exception) -> float | bool:
        if isinstance(error, httpx.HTTPStatusError):
            if error.response.status_code not in WORTH_A_RETRY:
                return False
            asked = retry_after(error.response)
        elif isinstance(error, httpx.TransportError):
            asked = 0.0
        else:
            return False
        pause = asked + random.uniform(0, self.bound)  # noqa: S311 - jitter, not a secret
        self.bound = min(LONGEST_PAUSE, 2 * self.bound)
        return pause


def retry_after(response: httpx.Response) -> float:
    """Seconds that the answer asks to wait, 0 when it does not say (or says a date: we never send one)."""
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else 0.0


def http_client(base_url: str) -> httpx.Client:
    """Client of the API at this base URL. Only AWS may be behind the operator's HTTP proxy, the laptop never is."""
    local = httpx.URL(base_url).host in ("127.0.0.1", "localhost")
    return httpx.Client(base_url=base_url, timeout=15, trust_env=not local, headers={"Accept": "application/json"})


def submit(http: httpx.Client, text: str, destination: str, name: str | None, timeout: float) -> Journey:
    """Post a wish, follow it until it ends, and return how it ended. `timeout` is for all of it, in seconds.

    Raises WishRefused (a problem that no retry mends), NotAnswered, NotEnded.
    """
    started = time.monotonic()
    wish = {"message": text, "destination": destination} | ({"name": name} if name else {})
    wish_id = _send(http, wish, timeout)["wish_id"]
    found = _follow(http, wish_id, started + timeout)
    elapsed = round(1000 * (time.monotonic() - started))
    if found is None or found.get("status") not in ENDED:
        raise NotEnded(
            f"wish {wish_id} was accepted but had not ended after {timeout:g} s",
            wish_id=wish_id,
            status=(found or {"status": "submitted"}).get("status"),
            elapsed_ms=elapsed,
        )
    return Journey(wish_id, found["status"], found.get("seat"), found.get("trace_id"), elapsed, found.get("reason"))


def _send(http: httpx.Client, wish: dict[str, str], timeout: float) -> dict[str, Any]:
    key = str(uuid.uuid4())
    try:
        for attempt in stamina.retry_context(on=Backoff(), attempts=None, timeout=timeout):
            with attempt:
                response = http.post("wishes", json=wish, headers={"Idempotency-Key": key})
                response.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise _refusal(error.response) from None
    except httpx.TransportError as error:
        raise NotAnswered(f"{http.base_url} does not answer: {error}") from error
    body = _object(response)
    if response.status_code != 202 or not isinstance(body.get("wish_id"), str):
        raise WishRefused(f"the API answered {response.status_code} instead of 202: the wish was not accepted")
    return body


def _follow(http: httpx.Client, wish_id: str, deadline: float) -> dict[str, Any] | None:
    """The last that was seen of the wish: ended, or whatever it was when the time was over."""
    found = None
    while True:
        pause = POLL_PAUSE
        try:
            response = http.get(f"wishes/{wish_id}")
        except httpx.TransportError:
            pass  # a phone that loses the net for a moment asks again
        else:
            if response.status_code == 200:
                found = _object(response)
                if found.get("status") in ENDED:
                    return found
            elif response.status_code == 404 or response.status_code in WORTH_A_RETRY:
                pause = max(pause, retry_after(response))
            else:
                raise _refusal(response)
        if time.monotonic() + pause > deadline:
            return found
        time.sleep(pause)


def _refusal(response: httpx.Response) -> WishRefused:
    """The problem (RFC 9457) that the API answered with, in one line."""
    problem = _object(response)
    words = [str(problem.get("title") or f"HTTP {response.status_code}")]
    # The detail of a 422 repeats its fields.
    fields = [
        f"{each.get('field')}: {each.get('detail')}" for each in problem.get("errors", []) if isinstance(each, dict)
    ]
    words += fields or ([str(problem["detail"])] if problem.get("detail") else [])
    return WishRefused("the wish was refused: " + " - ".join(words), problem=problem, http_status=response.status_code)


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
